import {
  domainOf,
  equalBytes,
  keyMaterialRequestCodec,
  keyMaterialResponseCodec,
  parseClientUri,
  readVouchedClientList,
  Refusal,
  sha256,
  userOfClient,
  utf8Decode,
} from "@treehouse/protocol";
import type {
  Bytes,
  ClientUri,
  Domain,
  KeyMaterialRequest,
  KeyMaterialResponse,
  Verify,
} from "@treehouse/protocol";
import type { ReadTx, Tx } from "../platform/index.ts";
import type { Transaction } from "./answer-store.ts";
import { claim } from "./claim.ts";
import type { KeyPackagesContext } from "./context.ts";
import { isSigned } from "./is-signed.ts";
import { responseOf } from "./response.ts";

export type PeerClaim = {
  /** The requester's server, or the hub of the room that is named. */
  readonly peer: Domain;
  /** The same with every repetition of the same request. */
  readonly transactionId: string;
  /** A `KeyMaterialRequest`. */
  readonly request: Bytes;
};

/**
 * Answers a claim that a peer hands on for one of its users, or as the hub of a room. The client
 * that asks has signed it, with a key that stands in its user's client list as that user's own
 * server gives it. A target that is unknown, that gives no leave or that blocks the requester is one
 * and the same answer, after the same work. What was handed out is answered again to the same
 * transaction for a day, so that no KeyPackage is burnt twice.
 *
 * Refuses `malformed`, `unknownUser` (of another server), `identityInvalid`, `rateLimited`,
 * `transactionConflict`, and what asking the requester's server refuses.
 */
export async function answerPeer(
  context: KeyPackagesContext,
  { peer, transactionId, request: body }: PeerClaim,
): Promise<Bytes> {
  const { database, domain, limits } = context;
  const transaction = { peer, id: transactionId };
  const request = keyMaterialRequestCodec.decode(body);
  if (domainOf(request.targetUser) !== domain) {
    throw new Refusal("unknownUser", "the target is not a user of this server");
  }
  const client = clientOf(request, domain);
  const requestHash = sha256(body);
  const known = await database.read((tx) => keptAnswer(context, tx, transaction, requestHash));
  if (known) return known;

  limits.claimPerPeer.take(peer);
  if (!isSigned(context, request)) throw invalid("the request is not signed by the asking client");
  await checkListed(context, peer, request, client);
  // Not before: any server may name anybody, and would use up what that one may claim.
  limits.claimPerPair.take(`${request.requestingUser} ${request.targetUser}`);

  return database.transaction(async (tx) => {
    const again = await keptAnswer(context, tx, transaction, requestHash);
    if (again) return again;
    const response = await claimFor(context, tx, request);
    const answer = keyMaterialResponseCodec.encode(response);
    if (response.status === "success" || response.status === "partialSuccess") {
      const kept = { requestHash, answer, target: request.targetUser };
      await context.answers.keep(tx, transaction, { ...kept, at: context.env.now() });
    } else {
      tx.afterCommit(() => context.unkept.note(transaction, requestHash));
    }
    return answer;
  });
}

/** The client that asks, which must be one of another server's user who is named as asking. */
function clientOf(request: KeyMaterialRequest, domain: Domain): ClientUri {
  const client = parseClientUri(utf8Decode(request.requesterCredential.identity));
  if (userOfClient(client) === request.requestingUser && domainOf(client) !== domain) return client;
  throw invalid("the credential is not of a client of the asking user");
}

async function keptAnswer(
  { answers, unkept }: KeyPackagesContext,
  tx: ReadTx,
  transaction: Transaction,
  requestHash: Bytes,
): Promise<Bytes | undefined> {
  const kept = await answers.find(tx, transaction);
  const earlier = kept?.requestHash ?? unkept.requestHash(transaction);
  if (earlier === undefined || equalBytes(earlier, requestHash)) return kept?.answer;
  throw new Refusal("transactionConflict", "this transaction was another request before");
}

/** The key stands in the requester's client list; a list that may be old is asked for once more. */
async function checkListed(
  context: KeyPackagesContext,
  peer: Domain,
  request: KeyMaterialRequest,
  client: ClientUri,
): Promise<void> {
  if (await isListed(context, request, client, false)) return;
  // Only of the peer itself, so that nobody can have this server ask a third one again and again.
  const own = domainOf(client) === peer;
  if (own && (await isListed(context, request, client, true))) return;
  throw invalid("the asking client is not in its user's client list");
}

async function isListed(
  { crypto, env, users }: KeyPackagesContext,
  { requestingUser, requesterSignatureKey }: KeyMaterialRequest,
  client: ClientUri,
  fresh: boolean,
): Promise<boolean> {
  const found = await users.current.find(requestingUser, { fresh });
  if (found === undefined) return false;
  const verify: Verify = (key, message, signature) => crypto.verify(key, message, signature);
  const { list } = readVouchedClientList(requestingUser, found, verify);
  return list.clients.some(
    (listed) =>
      listed.client === client &&
      listed.expiresAt > env.now() &&
      equalBytes(listed.signatureKey, requesterSignatureKey),
  );
}

/** Consent is asked before anything of the target is looked at, existence included. */
async function claimFor(
  context: KeyPackagesContext,
  tx: Tx,
  request: KeyMaterialRequest,
): Promise<KeyMaterialResponse> {
  const { requestingUser: requester, targetUser: target, room } = request;
  const verdict = await context.consent.mayClaim(tx, { requester, target, room });
  const none = { status: "noConsent", user: target, clients: [] } as const;
  if (verdict !== "given") return none;
  const targets = await context.clients.clientsOf(tx, target);
  if (targets === undefined) return none;
  return responseOf(target, await claim(context, tx, { requester, targets, request }));
}

function invalid(what: string): Refusal {
  return new Refusal("identityInvalid", what);
}
