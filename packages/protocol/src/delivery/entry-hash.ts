import type { Bytes, Hash } from "../bytes/index.ts";
import { labelledHash, LABELS } from "../labels/index.ts";

/**
 * The hash of an entry's octets, which the next entry names as `previous`. A server passes its
 * native SHA-256: the default costs 5 µs per KiB.
 */
export function entryHash(entry: Uint8Array, hash?: Hash): Bytes {
  return labelledHash(LABELS.entryHash, entry, hash);
}
