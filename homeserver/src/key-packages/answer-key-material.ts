import {
  equalBytes,
  keyMaterialRequestCodec,
  keyMaterialResponseCodec,
  Refusal,
  utf8Encode,
  verifyKeyMaterialRequest,
} from "@treehouse/protocol";
import type {
  Bytes,
  ClientKeyMaterial,
  KeyMaterialRequest,
  KeyMaterialResponse,
} from "@treehouse/protocol";
import type { ReadTx, Session } from "../platform/index.ts";
import { claim } from "./claim.ts";
import type { KeyPackagesContext } from "./context.ts";

/**
 * Answers a request for a user's KeyPackages. The request is signed by the client that asks, so
 * that nobody on the way can alter it, and it must be the client of the session. It carries no
 * nonce: what bounds a replay is the rate per requester and target.
 *
 * Refuses `malformed`, `clientMismatch` and `rateLimited`; that a user is unknown or has nothing
 * left is an answer.
 */
export async function answerKeyMaterial(
  context: KeyPackagesContext,
  session: Session,
  body: Bytes,
): Promise<Bytes> {
  const { clients, database, env, limits, store, crypto } = context;
  const request = keyMaterialRequestCodec.decode(body);
  checkRequester(session, request);
  limits.claimPerUser.take(session.user);
  limits.claimPerPair.take(`${session.user} ${request.targetUser}`);
  // The signature first: it takes longer than everything else, and needs no transaction.
  const signed = verifyKeyMaterialRequest(request, (key, message, signature) =>
    crypto.verify(key, message, signature),
  );
  if (!signed) {
    throw new Refusal("clientMismatch", "the request is not signed by the asking client");
  }

  const claimed = await database.transaction(async (tx) => {
    await checkKey(context, tx, session, request);
    return claim(store, clients, tx, {
      requester: session.user,
      target: request.targetUser,
      room: request.room,
      suites: request.acceptableCiphersuites,
      required: request.requiredCapabilities,
      at: env.now(),
    });
  });
  return keyMaterialResponseCodec.encode(responseOf(request, claimed));
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

function responseOf(
  { targetUser }: KeyMaterialRequest,
  claimed: readonly ClientKeyMaterial[] | undefined,
): KeyMaterialResponse {
  if (!claimed) return { status: "userUnknown", user: targetUser, clients: [] };
  const successes = claimed.filter(({ status }) => status === "success").length;
  if (successes === 0)
    return { status: "noCompatibleMaterial", user: targetUser, clients: claimed };
  const status = successes === claimed.length ? "success" : "partialSuccess";
  return { status, user: targetUser, clients: claimed };
}
