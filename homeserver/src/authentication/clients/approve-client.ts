import { nameOf, Refusal, userOfClient } from "@treehouse/protocol";
import type { ClientUri } from "@treehouse/protocol";
import type { Session } from "../../platform/index.ts";
import type { AuthenticationContext } from "../context.ts";

/**
 * Lets a new client of the session's user, once, bring the list that names it, as a proof of the
 * password would; the list must be signed all the same. For sessions whose client has proved itself:
 * that is the second factor here (decision 0025). It is good for nothing but an addition.
 *
 * Refuses `clientMismatch` for another user's client, and `conflict` for one that is listed.
 */
export async function approveClient(
  { database, pendingClientProofs, store }: AuthenticationContext,
  session: Pick<Session, "user" | "client">,
  client: ClientUri,
): Promise<{ readonly proofId: string; readonly expiresAt: number }> {
  if (userOfClient(client) !== session.user) {
    throw new Refusal("clientMismatch", "only clients of the own user can be approved");
  }
  const name = nameOf(session.user);
  const { account, known } = await database.read(async (tx) => ({
    account: await store.account(tx, name),
    known: await store.client(tx, client),
  }));
  if (account === undefined) throw new Refusal("sessionEnded", "the account is gone");
  if (known !== undefined) throw new Refusal("conflict", "this client is there already");
  const { credentialVersion } = account;
  const approvedBy = session.client;
  const { id, expiresAt } = pendingClientProofs.add({
    name,
    client,
    credentialVersion,
    approvedBy,
  });
  return { proofId: id, expiresAt };
}
