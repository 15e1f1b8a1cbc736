import {
  type Bytes,
  type ClientUri,
  nameOf,
  passwordResetMessage,
  Refusal,
} from "@treehouse/protocol";
import type { Session } from "../../platform/index.ts";
import type { AuthenticationContext } from "../context.ts";
import { checkBundle, checkFactor } from "../login/index.ts";

export type PendingPasswordReset = {
  readonly client: ClientUri;
  readonly credentialVersion: number;
};

export type StartedReset = {
  readonly changeId: string;
  readonly registrationResponse: Bytes;
  readonly expiresAt: number;
};

/** The first half of a new password without the old one: its registration. Refuses `malformed`. */
export async function startReset(
  { database, opaque, pendingPasswordResets, store }: AuthenticationContext,
  { user, client }: Pick<Session, "user" | "client">,
  registrationRequest: Bytes,
): Promise<StartedReset> {
  const account = await database.read((tx) => store.account(tx, nameOf(user)));
  const registrationResponse = opaque.registrationResponse(user, registrationRequest);
  const credentialVersion = account?.credentialVersion ?? 0;
  const { id, expiresAt } = pendingPasswordResets.add({ client, credentialVersion });
  return { changeId: id, registrationResponse, expiresAt };
}

/**
 * The second half: record and bundle change together, by whoever knows the recovery key and has a
 * session, and only if nobody changed them meanwhile. The copy under the recovery key stays as it is.
 * Answers the new version. Refuses `loginFailed`, `conflict`, `malformed` and `limitExceeded`, and what
 * the second factor refuses where there is one.
 */
export async function finishReset(
  context: AuthenticationContext,
  { user, client }: Pick<Session, "user" | "client">,
  request: {
    readonly changeId: string;
    readonly registrationRecord: Bytes;
    readonly recoveryBundle: Bytes;
    readonly signature: Bytes;
    readonly code: string | undefined;
  },
): Promise<number> {
  const { database, domain, opaque, pendingPasswordResets, recovery, signatures, store } = context;
  const { changeId, registrationRecord, recoveryBundle, signature } = request;
  const pending = pendingPasswordResets.take(changeId);
  if (pending?.client !== client) throw loginFailed();
  checkBundle(recoveryBundle);
  opaque.checkRecord(registrationRecord);
  const name = nameOf(user);
  const copy = await database.read((tx) => recovery.copy(tx, name));
  const signed = {
    server: domain,
    challenge: changeId,
    client,
    registrationRecord,
    recoveryBundle,
  };
  const message = passwordResetMessage(signed);
  if (!copy || !signatures.verify(copy.verificationKey, message, signature)) throw loginFailed();
  await checkFactor(context, name, request.code);
  const { credentialVersion: expectedVersion } = pending;
  const changed = await database.transaction(async (tx) => {
    const latest = await recovery.copy(tx, name);
    // A recovery key that was replaced between check and commit has no say any more.
    if (latest?.version !== copy.version) throw loginFailed();
    const passwordRecord = registrationRecord;
    return store.replaceCredential(tx, { name, expectedVersion, passwordRecord, recoveryBundle });
  });
  if (!changed) throw new Refusal("conflict", "password or bundle were changed meanwhile");
  return expectedVersion + 1;
}

function loginFailed(): Refusal {
  return new Refusal("loginFailed", "the recovery key is wrong, or the change is over");
}
