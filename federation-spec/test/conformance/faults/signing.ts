import { hash, randomBytes } from "node:crypto";
import {
  formatDigest,
  formatFrom,
  MEDIA_TYPE_PROBLEM,
  MEDIA_TYPE_TLS,
  parseDomain,
  parsePeerHeaders,
  parseSignature,
  problemOf,
  Refusal,
  signRequest,
  toHex,
  verifyRequest,
} from "@treehouse/protocol";
import type { Bytes, Domain, RefusalCode } from "@treehouse/protocol";
import { peerSigningKey } from "../../../src/conformance/index.ts";
import { verifySignature } from "../../../src/index.ts";
import type { Answered, Asked } from "../proxy.ts";

/** Of all keys of the suite's servers, so that a proxy can sign for them. */
export const seed: Bytes = new Uint8Array(32).fill(0x5e);

/** The tested server. */
export const tested: Domain = parseDomain("tested.test");

const firstKey = "key-1";

/** The one value of a header; undefined if it is not there once. */
export function header({ headers }: Asked, name: string): string | undefined {
  const values = headers.filter(([each]) => each.toLowerCase() === name);
  return values.length === 1 ? values[0]?.[1] : undefined;
}

export function withHeader(asked: Asked, name: string, value?: string): Asked {
  const others = asked.headers.filter(([each]) => each.toLowerCase() !== name);
  return { ...asked, headers: value === undefined ? others : [...others, [name, value]] };
}

/** Who asks, if the header says so in its form. */
export function fromOf(asked: Asked): Domain | undefined {
  try {
    return parseDomain((header(asked, "from") ?? "").replace(/^mimi@/, ""));
  } catch {
    return undefined;
  }
}

interface Changes {
  readonly from?: Domain;
  readonly path?: string;
  readonly body?: Bytes;
  readonly transactionId?: string;
}

/** The same request, signed validly by the first key of whoever asks, as of now. */
export function signedAnew(asked: Asked, changes: Changes = {}): Asked {
  const from = changes.from ?? fromOf(asked);
  if (from === undefined) return asked;
  const { path = asked.path, body = asked.body } = changes;
  const known = header(asked, "mimi-transaction-id") ?? "";
  const transactionId =
    changes.transactionId ?? (/^[0-9a-f]{32}$/.test(known) ? known : toHex(random(16)));
  const digest = sha256(body);
  const { sign } = peerSigningKey(seed, from, firstKey);
  const signed = signRequest(
    { method: asked.method, authority: tested, path, from, digest, transactionId },
    { created: Math.floor(Date.now() / 1000), kid: firstKey, nonce: random(16) },
    sign,
  );
  const replaced = Object.entries({
    ...signed,
    host: tested,
    from: formatFrom(from),
    "content-digest": formatDigest(digest),
  });
  const names = new Set(replaced.map(([name]) => name));
  const others = asked.headers.filter(([name]) => !names.has(name.toLowerCase()));
  return { ...asked, path, body, headers: [...others, ...replaced] };
}

/** Whether one of the suite's servers has signed the request, whatever its time and its digest. */
export function isSignedBy(asked: Asked, signer?: Domain): boolean {
  try {
    const headers = receivedHeaders(asked);
    const peer = parsePeerHeaders(headers);
    const signature = parseSignature(headers);
    const { publicKey } = peerSigningKey(seed, signer ?? peer.from, signature.kid);
    const request = { ...peer, method: asked.method, authority: tested, path: asked.path };
    return verifyRequest(request, signature, publicKey, verifySignature);
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}

export function receivedHeaders({ headers }: Asked): Record<string, string[]> {
  const received: Record<string, string[]> = {};
  for (const [name, value] of headers) (received[name.toLowerCase()] ??= []).push(value);
  return received;
}

export function isDigestRight(asked: Asked): boolean {
  return header(asked, "content-digest") === formatDigest(sha256(asked.body));
}

/** A refusal in its form. */
export function refusal(code: RefusalCode): Answered {
  const problem = problemOf(new Refusal(code, "by the proxy"));
  return {
    status: problem.status,
    headers: { "content-type": MEDIA_TYPE_PROBLEM },
    body: new TextEncoder().encode(JSON.stringify(problem)),
  };
}

export function tls(body: Bytes): Answered {
  return { status: 200, headers: { "content-type": MEDIA_TYPE_TLS }, body };
}

/** The code of a refusal. */
export function codeOf(answered: Answered): string | undefined {
  if (answered.headers["content-type"] !== MEDIA_TYPE_PROBLEM) return undefined;
  const problem: unknown = JSON.parse(new TextDecoder().decode(answered.body));
  const type = typeof problem === "object" && problem !== null ? Reflect.get(problem, "type") : "";
  return String(type).replace("urn:treehouse:problem:", "");
}

/** The members of a refusal, changed. */
export function altered(
  answered: Answered,
  change: (problem: Record<string, unknown>) => Record<string, unknown>,
): Answered {
  const problem: Record<string, unknown> = JSON.parse(new TextDecoder().decode(answered.body));
  return { ...answered, body: new TextEncoder().encode(JSON.stringify(change(problem))) };
}

export function random(length: number): Bytes {
  return new Uint8Array(randomBytes(length));
}

export function sha256(octets: Uint8Array): Bytes {
  return Uint8Array.from(hash("sha256", octets, "buffer"));
}
