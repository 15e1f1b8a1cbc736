import {
  type Bytes,
  clientListHash,
  type ClientUri,
  equalBytes,
  leafIdentityCodec,
  loginProofMessage,
  Refusal,
  signedClientListCodec,
  userUri,
  type UserUri,
} from "@treehouse/protocol";
import type { Tx } from "../../platform/index.ts";
import { checkRevocation, type ClaimedRevocation } from "./check-revocation.ts";
import type { AuthenticationContext } from "../context.ts";
import { countersign } from "./countersign.ts";
import { verifier } from "./countersignature-key.ts";
import type { RevokedClient } from "../store/index.ts";
import { tellClients } from "./tell-clients.ts";

export type Revoked = {
  /** Encoded `SignedClientList`, countersigned. */
  readonly clientList: Bytes;
  /** Encoded `LeafIdentity` of the client that asked. */
  readonly leafIdentity: Bytes;
};

/**
 * Takes the next version of a user's client list with one client less, by whoever has proved the
 * password or the recovery key as one of those that stay. In one transaction the client is shut out: its sessions and
 * connections end, its inbox, subscriptions and KeyPackages are deleted, its removal from rooms is
 * noted, and the hubs of other rooms are told. The KeyPackages of the others go, too: they are
 * attested by a key that counts no longer, and new ones come with their next connection.
 *
 * Refuses `loginFailed`, `unknownClient`, `notAllowed` for the client that asks, `conflict`,
 * `malformed` and `identityInvalid`.
 */
export async function revokeClient(
  context: AuthenticationContext,
  request: ClaimedRevocation & {
    readonly proofId: string;
    readonly client: ClientUri;
    readonly proof: Bytes;
  },
): Promise<Revoked> {
  const { database, domain, env, pendingClientProofs, signatures, store } = context;
  const proved = pendingClientProofs.take(request.proofId);
  // An approval proves neither password nor recovery key.
  if (!proved || proved.approvedBy !== undefined) throw loginFailed();
  const { name, client: asking, credentialVersion } = proved;
  const { stored, signatureKey } = await database.read(async (tx) => ({
    stored: await store.clientList(tx, name),
    signatureKey: (await store.client(tx, asking))?.signatureKey,
  }));
  if (!stored || !signatureKey) throw loginFailed();
  const verify = verifier(signatures);
  const message = loginProofMessage({ server: domain, loginId: request.proofId, client: asking });
  if (!verify(signatureKey, message, request.proof)) throw loginFailed();
  if (request.client === asking) {
    throw new Refusal("notAllowed", "a client cannot revoke itself; another one of its user can");
  }
  const previous = signedClientListCodec.decode(stored);
  const { client } = request;
  const identities = checkRevocation(request, { previous, client, at: env.now(), verify });

  const countersigned = identities.map((identity) => countersign(context, identity));
  const signedList = countersigned[0]?.signedList;
  if (signedList === undefined) throw loginFailed();
  const { list } = signedList;
  const clientList = signedClientListCodec.encode(signedList);
  const staying = countersigned.map(({ leafIdentity }) => ({
    client: leafIdentity.attestation.client,
    leafIdentity: leafIdentityCodec.encode(leafIdentity),
  }));
  const acceptedAt = env.now();
  const { version } = list;
  const revocation: RevokedClient = {
    name,
    client,
    list: { version, hash: clientListHash(list), signedList: clientList, acceptedAt },
    staying,
  };
  await database.transaction(
    async (tx) => {
      const account = await store.account(tx, name);
      // Whoever has changed the password meanwhile has the last word.
      if (!account || account.credentialVersion !== credentialVersion) throw loginFailed();
      const latest = await store.clientList(tx, name);
      if (!latest || !equalBytes(latest, stored)) {
        throw new Refusal("conflict", "the client list was changed meanwhile");
      }
      await store.revokeClient(tx, revocation);
      await shutOut(context, tx, revocation, userUri(domain, name));
    },
    { frees: true },
  );
  const own = staying.find((one) => one.client === asking);
  if (own === undefined) throw loginFailed();
  return { clientList, leafIdentity: own.leafIdentity };
}

async function shutOut(
  context: AuthenticationContext,
  tx: Tx,
  { name, client, list: { acceptedAt }, staying }: RevokedClient,
  user: UserUri,
): Promise<void> {
  const { sessions, store } = context;
  const { inboxes, keyPackages, outbox, rooms } = context.neighbours.current;
  for (const session of await store.sessionsOf(tx, name)) {
    if (session.client === client) await sessions.end(tx, name, session.id);
  }
  // Which rooms it reads is asked there.
  const hubs = await rooms.revokeClient(tx, { user, client, revokedAt: acceptedAt });
  await keyPackages.deleteOf(tx, client);
  await inboxes.deleteClient(tx, client);
  await context.marks.forgetClient(tx, client);
  for (const one of staying) await keyPackages.deleteStockOf(tx, one.client);
  for (const hub of hubs) {
    await outbox.add(tx, hub, { kind: "clientRevoked", client, revokedAt: acceptedAt });
  }
  await tellClients(context, tx, name, acceptedAt);
}

function loginFailed(): Refusal {
  return new Refusal("loginFailed", "the password's proof is over, or the client's key is another");
}
