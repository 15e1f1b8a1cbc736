import {
  domainOf,
  equalBytes,
  keyMaterialRequestCodec,
  keyMaterialResponseCodec,
  Refusal,
  utf8Encode,
} from "@treehouse/protocol";
import type {
  Bytes,
  ClientUri,
  KeyMaterialRequest,
  KeyMaterialResponse,
} from "@treehouse/protocol";
import type { ReadTx, Session } from "../platform/index.ts";
import { claim } from "./claim.ts";
import type { KeyPackagesContext } from "./context.ts";
import { isSigned } from "./is-signed.ts";
import { responseOf } from "./response.ts";

/**
 * Answers a request for a user's KeyPackages. The request is signed by the client that asks, so
 * that nobody on the way can alter it, and it must be the client of the session. It carries no
 * nonce: what bounds a replay is the rate per requester and target. What is asked of another server
 * goes there as it is.
 *
 * Refuses `malformed`, `clientMismatch` and `rateLimited`, and of users elsewhere what asking their
 * server refuses; that a user is unknown, gives no leave or has nothing left is an answer.
 */
export async function answerKeyMaterial(
  context: KeyPackagesContext,
  session: Session,
  body: Bytes,
): Promise<Bytes> {
  const { database, domain, limits } = context;
  const request = keyMaterialRequestCodec.decode(body);
  checkRequester(session, request);
  limits.claimPerUser.take(session.user);
  limits.claimPerPair.take(`${session.user} ${request.targetUser}`);
  // The signature first: it takes longer than everything else, and needs no transaction.
  if (!isSigned(context, request)) {
    throw new Refusal("clientMismatch", "the request is not signed by the asking client");
  }

  if (domainOf(request.targetUser) !== domain) {
    await database.read((tx) => checkKey(context, tx, session, request));
    return claimElsewhere(context, request, body);
  }
  const response = await database.transaction(async (tx) => {
    await checkKey(context, tx, session, request);
    const clients = await context.clients.clientsOf(tx, request.targetUser);
    // Of its own user a client adds the others, if there are any: it is there itself.
    const others = clients?.filter((client) => client !== session.client);
    return claimHere(context, tx, request, others?.length === 0 ? clients : others);
  });
  return keyMaterialResponseCodec.encode(response);
}

async function claimHere(
  context: KeyPackagesContext,
  tx: Parameters<typeof claim>[1],
  request: KeyMaterialRequest,
  targets: readonly ClientUri[] | undefined,
): Promise<KeyMaterialResponse> {
  const { requestingUser: requester, targetUser: user, room } = request;
  if (targets === undefined) return { status: "userUnknown", user, clients: [] };
  switch (await context.consent.mayClaim(tx, { requester, target: user, room })) {
    case "hidden":
      return { status: "userUnknown", user, clients: [] };
    case "given":
      return responseOf(user, await claim(context, tx, { requester, targets, request }));
    case "notGiven":
      return { status: "noConsent", user, clients: [] };
  }
}

/** The other server's answer, as far as it is one to this request. */
async function claimElsewhere(
  { users }: KeyPackagesContext,
  { targetUser, room }: KeyMaterialRequest,
  body: Bytes,
): Promise<Bytes> {
  const answer = await users.current.claim(targetUser, room, body);
  if (answers(answer, targetUser)) return answer;
  throw new Refusal("peerUnreachable", "the other server's answer cannot be understood");
}

function answers(answer: Bytes, target: KeyMaterialRequest["targetUser"]): boolean {
  try {
    return keyMaterialResponseCodec.decode(answer).user === target;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}

function checkRequester(session: Session, request: KeyMaterialRequest): void {
  const identity = utf8Encode(session.client);
  if (
    request.requestingUser !== session.user ||
    !equalBytes(request.requesterCredential.identity, identity)
  ) {
    throw new Refusal("clientMismatch", "the request names another client than the session's");
  }
}

async function checkKey(
  { clients }: KeyPackagesContext,
  tx: ReadTx,
  session: Session,
  request: KeyMaterialRequest,
): Promise<void> {
  const key = await clients.clientKey(tx, session.client);
  if (!key || !equalBytes(key, request.requesterSignatureKey)) {
    throw new Refusal("clientMismatch", "the request's key is not that of the session's client");
  }
}
