import type { PublicGroup } from "@treehouse/mls/public";
import {
  domainOf,
  equalBytes,
  leafIdentityCodec,
  LIMITS,
  readVouchedClientList,
  Refusal,
  userOfClient,
} from "@treehouse/protocol";
import type { Bytes, ClientUri, UserUri, Verify } from "@treehouse/protocol";
import type { ReadTx } from "../../platform/index.ts";
import type { DeliveryContext } from "../context.ts";

/** Clients of other servers, as their users' latest lists name them. */
export type RemoteClients = ReadonlyMap<ClientUri, ListedClientKeys>;

export type ListedClientKeys = {
  readonly signatureKey: Bytes;
  /** The key under which the client's leaf must be certified. */
  readonly identityKey: Bytes;
  /** Of the device-signing key that counts: one before it certifies nobody any more. */
  readonly number: number;
};

type IdentityContext = {
  readonly accounts: Pick<DeliveryContext["accounts"], "isLocal">;
  readonly remoteUsers: DeliveryContext["remoteUsers"];
  readonly crypto: Pick<DeliveryContext["crypto"], "verify">;
  readonly env: Pick<DeliveryContext["env"], "now" | "timer">;
};

/**
 * Asks the servers of those clients that are not this server's own for their users' client lists,
 * and checks each list's signatures and countersignature (FED-308, FED-932). Clients that are not
 * listed are left out. All servers are asked at the same time, for the submitter waits no longer
 * than for one. Refuses what asking refuses: `peerUnreachable`, `peerDenied`.
 */
export async function listRemoteClients(
  context: IdentityContext,
  clients: Iterable<ClientUri>,
): Promise<RemoteClients> {
  const remote = [...clients].filter((client) => !context.accounts.isLocal(userOfClient(client)));
  if (remote.length === 0) return new Map();
  const listed = new Map<ClientUri, ListedClientKeys>();
  const servers = Map.groupBy(remote, (client) => domainOf(client));
  const asking = [...servers.values()].map((there) => listClientsAt(context, there, listed));
  await beforeDeadline(context, Promise.all(asking));
  return listed;
}

/** One user after another, so that no server is asked for many at once. */
async function listClientsAt(
  context: IdentityContext,
  clients: readonly ClientUri[],
  listed: Map<ClientUri, ListedClientKeys>,
): Promise<void> {
  for (const [user, wanted] of Map.groupBy(clients, (client) => userOfClient(client))) {
    await listClientsOf(context, user, listed);
    // A list that was asked for a while ago does not name a client that came since.
    if (wanted.every((client) => listed.has(client))) continue;
    await listClientsOf(context, user, listed, { fresh: true });
  }
}

/** A client of whichever server, as its user's latest list names it. Refuses as `listRemoteClients`. */
export async function listedClient(
  context: IdentityContext & Pick<DeliveryContext, "accounts" | "database">,
  client: ClientUri,
): Promise<ListedClientKeys | undefined> {
  const { accounts, database } = context;
  return accounts.isLocal(userOfClient(client))
    ? database.read((tx) => localKeys(accounts, tx, client))
    : (await listRemoteClients(context, [client])).get(client);
}

async function beforeDeadline(
  { env }: Pick<IdentityContext, "env">,
  asking: Promise<unknown>,
): Promise<void> {
  const { promise: deadline, reject } = Promise.withResolvers<never>();
  const cancel = env.timer(LIMITS.peerTimeoutMs, () => reject(tooSlow()));
  try {
    await Promise.race([asking, deadline]);
  } finally {
    cancel();
  }
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
    const { identityKey, number } = certificate;
    listed.set(client, { signatureKey, identityKey, number });
  }
}

/**
 * The client's leaf carries the key that its user's latest client list names, and one that comes in
 * is certified by the device-signing key that counts: what was revoked is not accepted any more. For
 * this server's own clients it is asked in the transaction, so that no revocation slips in between; what
 * other servers said is as old as the check.
 */
export async function checkListedClient(
  { accounts }: Pick<DeliveryContext, "accounts">,
  tx: ReadTx,
  entering: {
    readonly group: PublicGroup;
    readonly remote: RemoteClients;
    /** Not a leaf that was there before: its certificate may wait for its client. */
    readonly isNew: boolean;
  },
  client: ClientUri,
): Promise<void> {
  const { group, remote, isNew } = entering;
  const leaf = group.roster.find((entry) => entry.client === client)?.leaf;
  if (leaf === undefined) throw unlisted();
  const keys = accounts.isLocal(userOfClient(client))
    ? await localKeys(accounts, tx, client)
    : remote.get(client);
  const { certificate } = group.leafIdentityOf(leaf);
  const fits =
    keys !== undefined &&
    equalBytes(keys.signatureKey, group.signatureKeyOf(leaf)) &&
    equalBytes(keys.identityKey, certificate.identityKey) &&
    (!isNew || certificate.number >= keys.number);
  if (!fits) throw unlisted();
}

async function localKeys(
  accounts: DeliveryContext["accounts"],
  tx: ReadTx,
  client: ClientUri,
): Promise<ListedClientKeys | undefined> {
  const bytes = await accounts.leafIdentity(tx, client);
  if (bytes === undefined) return undefined;
  const { attestation, certificate } = leafIdentityCodec.decode(bytes);
  const { identityKey, number } = certificate;
  return { signatureKey: attestation.signatureKey, identityKey, number };
}

function tooSlow(): Refusal {
  return new Refusal("peerUnreachable", "Another server has not told of its users in time.", {
    retryAfterMs: LIMITS.retryFirstMs,
    limitName: "peerTimeoutMs",
    limit: LIMITS.peerTimeoutMs,
  });
}

function unlisted(): Refusal {
  return new Refusal("identityInvalid", "A client is not in its user's latest client list.");
}
