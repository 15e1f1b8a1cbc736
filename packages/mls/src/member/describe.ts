import { toHex } from "@treehouse/protocol";

import { decodeUntrusted, messageKind } from "../wire/index.ts";

/** Plain data that JSON can hold; octets as hex, 64-bit numbers as decimal strings. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [name: string]: Json };

/** Any MLSMessage as data for people to read. Refuses `malformed` and `tooLarge`. */
export function describeMlsMessage(bytes: Uint8Array): Json {
  return jsonOf(decodeUntrusted(messageKind, new Uint8Array(bytes)));
}

function jsonOf(value: unknown): Json {
  if (value === null || value === undefined) return null;
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Uint8Array) return toHex(value);
  if (Array.isArray(value)) return value.map((item) => jsonOf(item));
  if (typeof value !== "object") return null;
  const known = Object.entries(value).filter(([, part]) => part !== undefined);
  return Object.fromEntries(known.map(([name, part]) => [name, jsonOf(part)]));
}
