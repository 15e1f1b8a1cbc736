import type { PublicGroup } from "@treehouse/mls/public";
import { equalBytes, readVouchedClientList, Refusal, userOfClient } from "@treehouse/protocol";
import type { Bytes, ClientUri, UserUri, Verify } from "@treehouse/protocol";
import type { ReadTx } from "../platform/index.ts";
import type { DeliveryContext } from "./context.ts";

/** Clients of other servers, as their users' latest lists name them. */
export type RemoteClients = ReadonlyMap<ClientUri, ListedClientKeys>;

export type ListedClientKeys = {
  readonly signatureKey: Bytes;
  /** The key under which the client's leaf must be certified. */
  readonly identityKey: Bytes;
};

type IdentityContext = Pick<DeliveryContext, "accounts" | "remoteUsers" | "crypto" | "env">;

/**
 * Asks the servers of those clients that are not this server's own for their users' client lists,
 * and checks each list's signatures and countersignature (FED-308, FED-932). Clients that are not
 * listed are left out. Refuses what asking refuses: `peerUnreachable`, `peerDenied`.
 */
export async function listRemoteClients(
  context: IdentityContext,
  clients: Iterable<ClientUri>,
): Promise<RemoteClients> {
  const remote = [...clients].filter((client) => !context.accounts.isLocal(userOfClient(client)));
  const listed = new Map<ClientUri, ListedClientKeys>();
  for (const [user, wanted] of Map.groupBy(remote, (client) => userOfClient(client))) {
    await listClientsOf(context, user, listed);
    // A list that was asked for a while ago does not name a client that came since.
    if (wanted.every((client) => listed.has(client))) continue;
    await listClientsOf(context, user, listed, { fresh: true });
  }
  return listed;
}

async function listClientsOf(
  context: IdentityContext,
  user: UserUri,
  listed: Map<ClientUri, ListedClientKeys>,
  options?: { readonly fresh: boolean },
): Promise<void> {
  const found = await context.remoteUsers.find(user, options);
  if (found === undefined) return;
  const verify: Verify = (key, message, signature) =>
    context.crypto.verify(key, message, signature);
  const { list, certificate } = readVouchedClientList(user, found, verify);
  for (const { client, signatureKey, expiresAt } of list.clients) {
    if (expiresAt <= context.env.now()) continue;
    listed.set(client, { signatureKey, identityKey: certificate.identityKey });
  }
}

/**
 * The client's leaf carries the key that its user's latest client list names: what was revoked is
 * not accepted any more. For this server's own clients it is asked in the transaction, so that no
 * revocation slips in between; what other servers said is as old as the check.
 */
export async function checkListedClient(
  { accounts }: Pick<DeliveryContext, "accounts">,
  tx: ReadTx,
  { group, remote }: { readonly group: PublicGroup; readonly remote: RemoteClients },
  client: ClientUri,
): Promise<void> {
  const leaf = group.roster.find((entry) => entry.client === client)?.leaf;
  if (leaf === undefined) throw unlisted();
  const keys = accounts.isLocal(userOfClient(client))
    ? await localKeys(accounts, tx, client)
    : remote.get(client);
  const { certificate } = group.leafIdentityOf(leaf);
  const fits =
    keys !== undefined &&
    equalBytes(keys.signatureKey, group.signatureKeyOf(leaf)) &&
    equalBytes(keys.identityKey, certificate.identityKey);
  if (!fits) throw unlisted();
}

async function localKeys(
  accounts: DeliveryContext["accounts"],
  tx: ReadTx,
  client: ClientUri,
): Promise<ListedClientKeys | undefined> {
  const signatureKey = await accounts.clientKey(tx, client);
  const identityKey = await accounts.identityKey(tx, userOfClient(client));
  return signatureKey && identityKey && { signatureKey, identityKey };
}

function unlisted(): Refusal {
  return new Refusal("identityInvalid", "A client is not in its user's latest client list.");
}
