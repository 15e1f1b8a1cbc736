import { nameOf, Refusal } from "@treehouse/protocol";
import type { Bytes, UserUri } from "@treehouse/protocol";
import type { AuthenticationContext } from "../context.ts";

export type PendingPasswordProof = {
  readonly user: UserUri;
  readonly state: string;
  /** Of the record against which the password is proved. */
  readonly credentialVersion: number;
};

export type StartedPasswordProof = {
  readonly proofId: string;
  readonly loginResponse: Bytes;
  readonly expiresAt: number;
};

/** The first half of a proof that opens nothing by itself: a login against the user's record. */
export async function startPasswordProof(
  { database, opaque, pendingPasswordProofs, store }: AuthenticationContext,
  user: UserUri,
  startLoginRequest: Bytes,
): Promise<StartedPasswordProof> {
  const account = await database.read((tx) => store.account(tx, nameOf(user)));
  const { loginResponse, state } = opaque.startLogin(
    user,
    account?.passwordRecord,
    startLoginRequest,
  );
  const credentialVersion = account?.credentialVersion ?? 0;
  const { id, expiresAt } = pendingPasswordProofs.add({ user, state, credentialVersion });
  return { proofId: id, loginResponse, expiresAt };
}

/** The second half; each proof is good once. Refuses `loginFailed`. */
export async function checkPasswordProof(
  context: AuthenticationContext,
  user: UserUri,
  proof: { readonly proofId: string; readonly finishLoginRequest: Bytes },
): Promise<void> {
  const { credentialVersion } = takePasswordProof(context, user, proof);
  const { database, store } = context;
  const account = await database.read((tx) => store.account(tx, nameOf(user)));
  // Whoever has changed the password meanwhile has the last word.
  if (account?.credentialVersion !== credentialVersion) throw proofFailed();
}

/**
 * The second half for whoever compares `credentialVersion` with the account's in the transaction that
 * acts on the proof. Refuses `loginFailed`.
 */
export function takePasswordProof(
  { opaque, pendingPasswordProofs }: AuthenticationContext,
  user: UserUri,
  proof: { readonly proofId: string; readonly finishLoginRequest: Bytes },
): PendingPasswordProof {
  const pending = pendingPasswordProofs.take(proof.proofId);
  if (!pending || pending.user !== user) throw proofFailed();
  if (!opaque.finishLogin(pending.state, proof.finishLoginRequest)) throw proofFailed();
  return pending;
}

/** The refusal of every proof that does not hold, or not any more. */
export function proofFailed(): Refusal {
  return new Refusal("loginFailed", "the password is wrong, or the proof is over");
}
