import type { Bytes, Hash } from "../bytes/index.ts";
import { equalBytes, fromBase64, fromHex, sha256, toBase64, toHex } from "../bytes/index.ts";
import { parseDomain } from "../identifiers/index.ts";
import type { Domain } from "../identifiers/index.ts";
import { Refusal } from "../refusals/index.ts";

/**
 * The headers of a received request by lower-case name. A name that came twice has two values, so
 * take them from where they are not joined or dropped yet (`headersDistinct` of Node).
 */
export type ReceivedHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** What every request between servers tells beside its signature. */
export type PeerHeaders = {
  /** The server that sends. */
  readonly from: Domain;
  /** SHA-256 of the body. */
  readonly digest: Bytes;
  /** 32 hexadecimal digits: the same when a request is sent again. */
  readonly transactionId: string;
};

const FROM_LENGTH_MAX = 5 + 253;
const DIGEST_LENGTH = "sha-256=:".length + 44 + 1;
const TRANSACTION_LENGTH = 32;

/** Of a domain: the `from` header. */
export function formatFrom(domain: Domain): string {
  return `mimi@${domain}`;
}

/** Of a body's SHA-256: the `content-digest` header (RFC 9530 §2). */
export function formatDigest(digest: Bytes): string {
  return `sha-256=:${toBase64(digest)}:`;
}

/**
 * FED-906: who sends. "signatureInvalid" if the header is not there once and in its one form: then
 * nobody is named who could be authenticated.
 */
export function parseFrom(headers: ReceivedHeaders): Domain {
  const text = single(headers, "from", FROM_LENGTH_MAX);
  if (text === undefined || !text.startsWith("mimi@")) throw invalid("from");
  try {
    return parseDomain(text.slice("mimi@".length));
  } catch (cause) {
    throw new Refusal("signatureInvalid", "the header from", {}, { cause });
  }
}

/** "digestMismatch" unless the header is there once, with SHA-256 alone (FED-907). */
export function parseDigest(headers: ReceivedHeaders): Bytes {
  const text = single(headers, "content-digest", DIGEST_LENGTH);
  if (text?.length !== DIGEST_LENGTH || !text.startsWith("sha-256=:") || !text.endsWith(":")) {
    throw new Refusal("digestMismatch", "no Content-Digest of SHA-256");
  }
  try {
    return fromBase64(text.slice("sha-256=:".length, -1));
  } catch (cause) {
    throw new Refusal("digestMismatch", "no Content-Digest of SHA-256", {}, { cause });
  }
}

/** FED-908. "signatureInvalid" unless the header is there once, in lower-case hexadecimal. */
export function parseTransactionId(headers: ReceivedHeaders): string {
  const text = single(headers, "mimi-transaction-id", TRANSACTION_LENGTH);
  if (text?.length !== TRANSACTION_LENGTH) throw invalid("mimi-transaction-id");
  for (const digit of text) {
    if (!"0123456789abcdef".includes(digit)) throw invalid("mimi-transaction-id");
  }
  return text;
}

/** The three of them. */
export function parsePeerHeaders(headers: ReceivedHeaders): PeerHeaders {
  return {
    from: parseFrom(headers),
    digest: parseDigest(headers),
    transactionId: parseTransactionId(headers),
  };
}

/** "digestMismatch" unless the digest is that of the octets as they came. */
export function checkDigest(digest: Bytes, body: Uint8Array, hash: Hash = sha256): void {
  if (!equalBytes(digest, hash(body))) {
    throw new Refusal("digestMismatch", "the Content-Digest is not the body's");
  }
}

/** A new transaction's id. */
export function mintTransactionId(random: (length: number) => Bytes): string {
  return toHex(random(TRANSACTION_LENGTH / 2));
}

/** The octets of a transaction's id. */
export function transactionBytes(transactionId: string): Bytes {
  return fromHex(transactionId);
}

/** The header's value if it came once and is no longer than that. */
export function single(
  headers: ReceivedHeaders,
  name: string,
  lengthMax: number,
): string | undefined {
  const found = Object.hasOwn(headers, name) ? headers[name] : undefined;
  const text = typeof found === "string" ? found : found?.length === 1 ? found[0] : undefined;
  return text === undefined || text.length > lengthMax ? undefined : text;
}

function invalid(name: string): Refusal {
  return new Refusal("signatureInvalid", `the header ${name}`);
}
