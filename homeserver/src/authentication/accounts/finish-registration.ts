import { type Bytes, nameOf, Refusal } from "@treehouse/protocol";
import { checkIdentity, type ClaimedIdentity, verifier } from "../clients/index.ts";
import type { AuthenticationContext } from "../context.ts";
import { createAccount, type Enrolled } from "./create-account.ts";
import { checkBundle } from "../login/index.ts";

export type FinishRegistrationRequest = ClaimedIdentity & {
  readonly registrationId: string;
  readonly invite: string | undefined;
  /** Of a login at the operator's provider: the account is linked with it, one to one. */
  readonly externalProof: string | undefined;
  readonly registrationRecord: Bytes;
  readonly recoveryBundle: Bytes;
  readonly clientName?: string | undefined;
};

/**
 * The second half: checks the user's identity and, in one transaction, takes one use of the
 * invite and creates account, client list, client and session. A refusal leaves everything as it
 * was, so that the asker may try again with another invite; a success cannot be replayed.
 *
 * Refuses `reservationExpired`, `inviteInvalid`, `loginFailed`, `conflict`, `nameTaken`,
 * `identityInvalid`, `malformed` and `limitExceeded`.
 */
export async function finishRegistration(
  context: AuthenticationContext,
  request: FinishRegistrationRequest,
): Promise<Enrolled> {
  const { env, invites, neighbours, opaque, pendingRegistrations, signatures } = context;
  const pending = pendingRegistrations.peek(request.registrationId);
  if (!pending) {
    throw new Refusal("reservationExpired", "this registration is over; start it again");
  }
  checkLeave(context, request);
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
    admit: async (tx) => {
      const { externalProof, invite } = request;
      if (externalProof !== undefined) {
        await neighbours.current.factors.link(tx, nameOf(user), externalProof);
      }
      return invite === undefined ? { admin: false } : invites.use(tx, invite);
    },
  });
  pendingRegistrations.take(request.registrationId);
  return enrolled;
}

function checkLeave(
  { registration }: AuthenticationContext,
  { externalProof, invite }: FinishRegistrationRequest,
): void {
  if (registration === "open" || invite !== undefined) return;
  if (registration === "invite") {
    throw new Refusal("inviteInvalid", "this server registers by invite only");
  }
  if (externalProof === undefined) {
    const how = "this server registers whoever logs in at its provider, or has an invite";
    throw new Refusal("inviteInvalid", how);
  }
}
