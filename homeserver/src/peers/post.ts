import {
  concatBytes,
  ENDPOINTS,
  formatDigest,
  formatFrom,
  fromBase64Url,
  MEDIA_TYPE_PROBLEM,
  MEDIA_TYPE_TLS,
  mintTransactionId,
  NetworkFault,
  NONCE_BYTES,
  NONCE_START_BYTES,
  parseProblem,
  Refusal,
  signRequest,
  utf8Decode,
} from "@treehouse/protocol";
import type { Bytes, Directory, Domain, EndpointName, RefusalCode } from "@treehouse/protocol";
import { Assertion, errorFields, sha256 } from "../platform/index.ts";
import type { PeersContext } from "./context.ts";
import { checkAble, urlOf, versionWith } from "./directory.ts";
import type { EndpointUrl } from "./directory.ts";
import { directoryOf, directoryThatFits } from "./discover.ts";
import { mediaTypeOf } from "./outbound/client.ts";
import type { OutboundAnswer } from "./outbound/client.ts";
import { ContactFault } from "./outbound/fault.ts";
import { signWith } from "./own-keys.ts";
import type { PeerState } from "./peer-state.ts";

export interface PeerCall {
  readonly endpoint: EndpointName;
  /** The URI or domain in the endpoint's path, by the name that `ENDPOINTS` has for it. */
  readonly variables?: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** The same when a request is sent again whose outcome is not known. */
  readonly transactionId?: string;
  /** For all of it, the directory and a second attempt included. */
  readonly timeoutMs: number;
  readonly answerBytesMax: number;
}

/**
 * A signed request to another server. Resolves with the body of its answer; throws the `Refusal`
 * that either side gives, or a `NetworkFault` when there is no answer of that server.
 */
export async function post(context: PeersContext, domain: Domain, call: PeerCall): Promise<Bytes> {
  if (domain === context.domain) throw new Assertion("A server asks itself without a network.");
  const { policy, book, env } = context;
  policy.admit(domain, "outbound");
  const from = env.monotonic();
  const state = book.find(domain);
  const known = await directoryOf(context, state);
  const directory = await directoryThatFits(context, state, known, (one) => {
    versionWith(one);
    checkAble(one, call);
  });
  const timeoutMs = call.timeoutMs - (env.monotonic() - from);
  const answer = await exchange(context, state, directory, { ...call, timeoutMs });
  if (answer.status < 200 || answer.status > 299) throw refusalOf(answer);
  if (answer.body.length > 0 && mediaTypeOf(answer.headers) !== MEDIA_TYPE_TLS) {
    throw new ContactFault("answer", "broken", "the answer has another media type");
  }
  if (!state.known) await remember(context, state);
  book.touch(state, "outbound");
  return answer.body;
}

/** An answer that has come counts, whether or not there is a place for its server. */
async function remember({ book, env }: PeersContext, state: PeerState): Promise<void> {
  try {
    await book.save(state, state.record);
  } catch (error) {
    env.log.warn("peerNotKept", errorFields(error));
  }
}

/** Sends the request, a second time by the other server's clock and start if it refuses our time. */
export async function exchange(
  context: PeersContext,
  state: PeerState,
  directory: Directory,
  call: PeerCall,
): Promise<OutboundAnswer> {
  const name = ENDPOINTS[call.endpoint];
  const value = name === undefined ? undefined : call.variables?.[name];
  const url = urlOf(directory, call.endpoint, value);
  const transactionId =
    call.transactionId ?? mintTransactionId((length) => context.env.random(length));
  const until = context.env.monotonic() + call.timeoutMs;
  const send = (): Promise<OutboundAnswer> => {
    const timeoutMs = Math.ceil(until - context.env.monotonic());
    if (timeoutMs <= 0) throw new ContactFault("answer", "timeout", "there was no answer in time");
    return context.client.send(
      { domain: state.domain, port: url.port },
      {
        method: "POST",
        path: url.path,
        headers: headersOf(context, state, directory, { url, body: call.body, transactionId }),
        body: call.body,
        timeoutMs,
        answerBytesMax: call.answerBytesMax,
      },
    );
  };
  const first = await send();
  const refused = first.status === 401 ? refusedTimeOf(first) : undefined;
  if (refused === undefined) return first;
  // The signature holds for that server alone, so that its idea of the time can do no harm.
  state.clockOffsetMs = refused.serverTime - context.env.now();
  state.nonceStart = refused.nonceStart;
  return send();
}

function headersOf(
  { env, authentication, domain, ownKeys, signatures }: PeersContext,
  state: PeerState,
  { capabilities }: Directory,
  request: { readonly url: EndpointUrl; readonly body: Uint8Array; readonly transactionId: string },
): Readonly<Record<string, string>> {
  const { transactionId } = request;
  const digest = sha256(request.body);
  const common = { "content-type": MEDIA_TYPE_TLS, accept: MEDIA_TYPE_TLS };
  if (authentication === "mtls" && capabilities.includes(CERTIFICATE_CAPABILITY)) {
    return {
      ...common,
      from: formatFrom(domain),
      "content-digest": formatDigest(digest),
      "mimi-transaction-id": transactionId,
    };
  }
  const { kid, privateKey } = ownKeys.signing();
  const signed = {
    method: "POST",
    authority: state.domain,
    path: request.url.path,
    from: domain,
    digest,
    transactionId,
  };
  const parameters = {
    created: Math.floor((env.now() + state.clockOffsetMs) / 1_000),
    kid,
    nonce: concatBytes(state.nonceStart, env.random(NONCE_BYTES - state.nonceStart.length)),
  };
  return { ...common, ...signRequest(signed, parameters, signWith(signatures, privateKey)) };
}

/** Of a server that tells others apart by their certificates. */
export const CERTIFICATE_CAPABILITY = "mtls";

/** What a server answers instead of what was asked for. */
export function refusalOf(answer: OutboundAnswer): Refusal | NetworkFault {
  const { status } = answer;
  if (status >= 300 && status < 400) {
    return new ContactFault("answer", "broken", "it redirects, which is not followed");
  }
  const refusal = problemIn(answer);
  if (refusal !== undefined) {
    if (!foreign.has(refusal.code)) return refusal;
    return new Refusal("internal", "The other server's answer makes no sense here.");
  }
  // Whatever stands before the server has limits of its own, and to send less may help.
  if (status === 413) return new Refusal("tooLarge", "Something before the server takes less.");
  return new ContactFault("answer", "broken", `it answers ${status}, which no such server does`);
}

/** Codes that end sessions of our own clients, who asked no other server for one. */
const foreign: ReadonlySet<RefusalCode> = new Set<RefusalCode>([
  "notAuthenticated",
  "sessionEnded",
  "loginFailed",
  "ticketInvalid",
]);

/** What a server wants of the next signature that refuses the time of this one (FED-909, FED-1116). */
function refusedTimeOf(answer: OutboundAnswer) {
  const refusal = problemIn(answer);
  const { serverTime, nonceStart } = refusal?.data ?? {};
  if (refusal?.code !== "signatureInvalid" || serverTime === undefined) return undefined;
  return { serverTime, nonceStart: nonceStartOf(nonceStart) };
}

/** What is none leaves all of the nonce to us. */
function nonceStartOf(text = ""): Bytes {
  try {
    const start = fromBase64Url(text);
    if (start.length === NONCE_START_BYTES) return start;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
  }
  return new Uint8Array();
}

function problemIn(answer: OutboundAnswer): Refusal | undefined {
  if (mediaTypeOf(answer.headers) !== MEDIA_TYPE_PROBLEM) return undefined;
  try {
    return parseProblem(JSON.parse(utf8Decode(answer.body)));
  } catch {
    return undefined;
  }
}
