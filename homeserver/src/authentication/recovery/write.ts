import { type Bytes, equalBytes, nameOf, Refusal } from "@treehouse/protocol";
import type { Session } from "../../platform/index.ts";
import type { AuthenticationContext } from "../context.ts";
import { checkBundle } from "../login/index.ts";

/**
 * Puts a recovery key in the place of the one before (version 0: of none). A session alone is not
 * enough: with a key of its own a stolen one could take the account. Answers the new version.
 *
 * Refuses `loginFailed` unless password or recovery key were proved for this client, `conflict` when
 * another version is there, and `limitExceeded`.
 */
export async function writeRecovery(
  context: AuthenticationContext,
  { user, client }: Pick<Session, "user" | "client">,
  wanted: {
    readonly proofId: string;
    readonly expectedVersion: number;
    readonly verificationKey: Bytes;
    readonly sealedCopy: Bytes;
  },
): Promise<number> {
  const { database, env, pendingClientProofs, recovery, store } = context;
  const { expectedVersion, verificationKey, sealedCopy } = wanted;
  const owner = nameOf(user);
  const proved = pendingClientProofs.take(wanted.proofId);
  if (!proved || proved.name !== owner || proved.client !== client) throw loginFailed();
  // An approval proves neither password nor recovery key.
  if (proved.approvedBy !== undefined) throw loginFailed();
  checkBundle(sealedCopy);
  const version = expectedVersion + 1;
  await database.transaction(async (tx) => {
    const account = await store.account(tx, owner);
    // Whoever has changed the password meanwhile has the last word.
    if (account?.credentialVersion !== proved.credentialVersion) throw loginFailed();
    const known = await recovery.copy(tx, owner);
    const isSame = known !== undefined && equalBytes(known.verificationKey, verificationKey);
    if (isSame) throw new Refusal("conflict", "this recovery key is in use already");
    const copy = { version, verificationKey, sealedCopy, createdAt: env.now() };
    if (await recovery.put(tx, owner, copy)) return;
    throw new Refusal("conflict", "another client has made a recovery key meanwhile");
  });
  return version;
}

function loginFailed(): Refusal {
  return new Refusal("loginFailed", "the password's proof is over, or another client's");
}
