import { Refusal } from "@treehouse/protocol";
import type { Bytes } from "@treehouse/protocol";
import { checkIdentity } from "./check-identity.ts";
import type { ClaimedIdentity } from "./check-identity.ts";
import type { AuthenticationContext } from "./context.ts";
import { verifier } from "./countersignature-key.ts";
import { createAccount } from "./create-account.ts";
import type { Enrolled } from "./create-account.ts";
import { checkBundle } from "./recovery-bundle.ts";

export type FinishRegistrationRequest = ClaimedIdentity & {
  readonly registrationId: string;
  readonly invite: string | undefined;
  readonly registrationRecord: Bytes;
  readonly recoveryBundle: Bytes;
  readonly clientName?: string | undefined;
};

/**
 * The second half: checks the user's identity and, in one transaction, takes one use of the
 * invite and creates account, client list, client and session. A refusal leaves everything as it
 * was, so that the asker may try again with another invite; a success cannot be replayed.
 *
 * Refuses `reservationExpired`, `inviteInvalid`, `nameTaken`, `identityInvalid`, `malformed` and
 * `limitExceeded`.
 */
export async function finishRegistration(
  context: AuthenticationContext,
  request: FinishRegistrationRequest,
): Promise<Enrolled> {
  const { env, invites, opaque, pendingRegistrations, signatures } = context;
  const pending = pendingRegistrations.peek(request.registrationId);
  if (!pending) {
    throw new Refusal("reservationExpired", "this registration is over; start it again");
  }
  if (context.registration === "invite" && request.invite === undefined) {
    throw new Refusal("inviteInvalid", "this server registers by invite only");
  }
  checkBundle(request.recoveryBundle);
  opaque.checkRecord(request.registrationRecord);
  const { user } = pending;
  const identity = checkIdentity(request, { user, at: env.now(), verify: verifier(signatures) });

  const enrolled = await createAccount(context, {
    user,
    identity,
    passwordRecord: request.registrationRecord,
    recoveryBundle: request.recoveryBundle,
    clientName: request.clientName,
    admit: async (tx) =>
      request.invite === undefined ? { admin: false } : invites.use(tx, request.invite),
  });
  pendingRegistrations.take(request.registrationId);
  return enrolled;
}
