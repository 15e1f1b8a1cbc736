import type { Bytes } from "../bytes/index.ts";
import { malformed } from "../codec/index.ts";
import { type CborValue, isArray, isBytes } from "./cbor.ts";

/** An array of exactly so many items. */
export function items(value: CborValue | undefined, count: number): readonly CborValue[] {
  if (!isArray(value) || value.length !== count) throw malformed(`not an array of ${count} items`);
  return value;
}

export function list(value: CborValue | undefined): readonly CborValue[] {
  if (!isArray(value)) throw malformed("not an array");
  return value;
}

export function uint(value: CborValue | undefined, max: number): number {
  if (typeof value !== "number" || value < 0 || value > max) {
    throw malformed(`not an unsigned integer up to ${max}`);
  }
  return value;
}

export function text(value: CborValue | undefined): string {
  if (typeof value !== "string") throw malformed("not a text");
  return value;
}

export function octets(value: CborValue | undefined): Bytes {
  if (!isBytes(value)) throw malformed("not a byte string");
  return value;
}

/** FED-804: 32 octets that begin with the one hash algorithm of message ids, SHA-256. */
export function id(value: CborValue | undefined): Bytes {
  const bytes = octets(value);
  if (bytes.length !== 32 || bytes[0] !== 1) throw malformed("not a message id");
  return bytes;
}
