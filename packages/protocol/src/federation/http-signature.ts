import type { Bytes } from "../bytes/index.ts";
import { fromBase64, fromBase64Url, toBase64, toBase64Url, utf8Encode } from "../bytes/index.ts";
import type { Sign, Verify } from "../delivery/index.ts";
import type { Domain } from "../identifiers/index.ts";
import { LIMITS } from "../limits.ts";
import { Refusal } from "../refusals/index.ts";
import { formatDigest, formatFrom, single } from "./peer-headers.ts";
import type { PeerHeaders, ReceivedHeaders } from "./peer-headers.ts";
import { serializeBase, serializeParameters } from "./signature-base.ts";

/** What a signature is over: the request as it stands on the wire. */
export type SignedRequest = PeerHeaders & {
  readonly method: string;
  /** The domain that is asked: the Host header, without a port. */
  readonly authority: Domain;
  /** The path with its percent-encoding; without a query, which nothing would cover. */
  readonly path: string;
};

/** What a signature tells of itself. */
export type SignatureParameters = {
  /** Seconds since the Unix epoch. */
  readonly created: number;
  readonly kid: string;
  /** Sixteen random octets. */
  readonly nonce: Bytes;
};

export type RequestSignature = SignatureParameters & { readonly signature: Bytes };

/** The five headers that a signed request has beside those of HTTP. */
export type SignedHeaders = Readonly<
  Record<
    "from" | "content-digest" | "mimi-transaction-id" | "signature-input" | "signature",
    string
  >
>;

/** Everything that is signed, in the one order that is taken. */
const COMPONENTS = [
  "@method",
  "@authority",
  "@path",
  "from",
  "content-digest",
  "mimi-transaction-id",
] as const;

const TAG = "mimi-fed";
const LABEL = "sig1=";
const INPUT_START = `${LABEL}(${COMPONENTS.map((name) => `"${name}"`).join(" ")});created=`;
const CREATED_DIGITS_MAX = 12;
const NONCE_LENGTH = 22;
export const NONCE_BYTES = 16;
/** How much of it the receiver may ask for (FED-1116); the rest is drawn. */
export const NONCE_START_BYTES = 8;
const SIGNATURE_BYTES = 64;
const SIGNATURE_LENGTH = `${LABEL}::`.length + 88;
const INPUT_LENGTH_MAX = 512;

/** The headers of the request, signed with a federation key of the server in `from` (FED-905). */
export function signRequest(
  request: SignedRequest,
  parameters: SignatureParameters,
  sign: Sign,
): SignedHeaders {
  const signature = sign(utf8Encode(signatureBase(request, parameters)));
  return {
    from: formatFrom(request.from),
    "content-digest": formatDigest(request.digest),
    "mimi-transaction-id": request.transactionId,
    "signature-input": LABEL + formatParameters(parameters),
    signature: `${LABEL}:${toBase64(signature)}:`,
  };
}

/**
 * Reads the two headers of a signature in the only form that is taken, so that the text which was
 * signed follows from the values. Anything else is "signatureInvalid".
 */
export function parseSignature(headers: ReceivedHeaders): RequestSignature {
  try {
    return {
      ...parseInput(single(headers, "signature-input", INPUT_LENGTH_MAX)),
      signature: parseValue(single(headers, "signature", SIGNATURE_LENGTH)),
    };
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    throw new Refusal("signatureInvalid", "the headers of the signature", {}, { cause });
  }
}

/** Whether the key made the signature over this request; never throws, whatever was received. */
export function verifyRequest(
  request: SignedRequest,
  { signature, ...parameters }: RequestSignature,
  key: Bytes,
  verify: Verify,
): boolean {
  if (!isSignable(request)) return false;
  return verify(key, utf8Encode(signatureBase(request, parameters)), signature);
}

/** "signatureInvalid", with our time, if the signature was not made about now (FED-909). */
export function checkCreated(created: number, now: number): void {
  const distance = Math.abs(created * 1000 - now);
  if (distance > LIMITS.federationSkewMs) {
    const limitName = "federationSkewMs";
    throw new Refusal("signatureInvalid", "signed too long ago, or ahead of time", {
      limitName,
      limit: LIMITS[limitName],
      serverTime: now,
    });
  }
}

/** The text that is signed (RFC 9421 §2.5). What no signature can carry is a RangeError. */
export function signatureBase(request: SignedRequest, parameters: SignatureParameters): string {
  if (!isSignable(request)) throw new RangeError("a method or path that cannot be signed");
  const values: Readonly<Record<(typeof COMPONENTS)[number], string>> = {
    "@method": request.method,
    "@authority": request.authority,
    "@path": request.path,
    from: formatFrom(request.from),
    "content-digest": formatDigest(request.digest),
    "mimi-transaction-id": request.transactionId,
  };
  return serializeBase(
    COMPONENTS.map((name) => [name, values[name]]),
    formatParameters(parameters),
  );
}

/** Whether a signature can cover them: the path absolute, visible ASCII, and without a query. */
function isSignable({ method, path }: SignedRequest): boolean {
  if (!/^[A-Z]{1,16}$/.test(method)) return false;
  if (!path.startsWith("/") || path.length > LIMITS.endpointBytesMax) return false;
  for (let index = 0; index < path.length; index++) {
    const code = path.charCodeAt(index);
    if (code <= 0x20 || code > 0x7e || code === 0x23 || code === 0x3f) return false;
  }
  return true;
}

/** Whether the text can name a federation key. */
export function isKeyId(text: string): boolean {
  if (text.length === 0 || text.length > LIMITS.keyIdBytesMax) return false;
  for (let index = 0; index < text.length; index++) {
    if (!isKeyIdCode(text.charCodeAt(index))) return false;
  }
  return true;
}

function formatParameters({ created, kid, nonce }: SignatureParameters): string {
  if (!Number.isSafeInteger(created) || created < 0) throw new RangeError("not a time");
  if (!isKeyId(kid)) throw new RangeError("not the id of a key");
  if (nonce.length !== NONCE_BYTES) throw new RangeError(`not ${NONCE_BYTES} octets`);
  return serializeParameters(COMPONENTS, [
    ["created", created],
    ["keyid", kid],
    ["nonce", toBase64Url(nonce)],
    ["tag", TAG],
  ]);
}

/** Read from the left, each piece once. */
function parseInput(text: string | undefined): SignatureParameters {
  const rest = new Rest(text ?? "");
  rest.expect(INPUT_START);
  const digits = rest.until(";", CREATED_DIGITS_MAX);
  const created = Number(digits);
  if (String(created) !== digits || !Number.isSafeInteger(created) || created < 0) throw wrong();
  rest.expect('keyid="');
  const kid = rest.until('"', LIMITS.keyIdBytesMax);
  if (!isKeyId(kid)) throw wrong();
  rest.expect(';nonce="');
  const nonce = fromBase64Url(rest.until('"', NONCE_LENGTH));
  if (nonce.length !== NONCE_BYTES) throw wrong();
  rest.expect(`;tag="${TAG}"`);
  rest.end();
  return { created, kid, nonce };
}

function parseValue(text: string | undefined): Bytes {
  if (text?.length !== SIGNATURE_LENGTH) throw wrong();
  const rest = new Rest(text);
  rest.expect(`${LABEL}:`);
  const signature = fromBase64(rest.until(":", 88));
  rest.end();
  if (signature.length !== SIGNATURE_BYTES) throw wrong();
  return signature;
}

/** What is left of a text; never goes back. */
class Rest {
  #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  expect(start: string): void {
    if (!this.#text.startsWith(start)) throw wrong();
    this.#text = this.#text.slice(start.length);
  }

  /** The text before the first such character, which is passed over as well. */
  until(end: string, lengthMax: number): string {
    const at = this.#text.indexOf(end);
    if (at < 0 || at > lengthMax) throw wrong();
    const found = this.#text.slice(0, at);
    this.#text = this.#text.slice(at + 1);
    return found;
  }

  end(): void {
    if (this.#text !== "") throw wrong();
  }
}

/** RFC 3986's unreserved characters but the tilde. */
function isKeyIdCode(code: number): boolean {
  const letter = (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a;
  const digit = code >= 0x30 && code <= 0x39;
  return letter || digit || code === 0x2d || code === 0x2e || code === 0x5f;
}

function wrong(): Refusal {
  return new Refusal("malformed", "not the form of our profile");
}
