import type { Bytes, Hash } from "../bytes/index.ts";
import { labelledHash, LABELS } from "../labels/index.ts";
import type { Entry } from "./entry.ts";

/**
 * The hash of an entry's octets, which the next entry names as `previous`. A server passes its
 * native SHA-256: the default costs 5 µs per KiB.
 */
export function entryHash(entry: Uint8Array, hash?: Hash): Bytes {
  return labelledHash(LABELS.entryHash, entry, hash);
}

/**
 * What the entry after this one names as `previous` (FED-203): the hash of these octets, or for a
 * tombstone the hash of the entry it stands for, so that everybody holds one chain whoever got which.
 */
export function chainHashOf(entry: Entry, bytes: Uint8Array, hash?: Hash): Bytes {
  return entry.kind === "tombstone" ? entry.replaced : entryHash(bytes, hash);
}
