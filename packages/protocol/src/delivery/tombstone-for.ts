import type { Bytes, Hash } from "../bytes/index.ts";
import { decodeEntry } from "./decode-entry.ts";
import { encodeEntry } from "./encode-entry.ts";
import { chainHashOf } from "./entry-hash.ts";

/**
 * The tombstone that stands for an entry at its place in the log (FED-209), with one of
 * `TOMBSTONE_REASONS`; for a tombstone, one for what that stands for.
 */
export function tombstoneFor(bytes: Uint8Array, reason: number, hash?: Hash): Bytes {
  const entry = decodeEntry(bytes);
  const { room, generation, term, position, previous, acceptedAt } = entry;
  return encodeEntry({
    kind: "tombstone",
    ephemeral: false,
    room,
    generation,
    term,
    position,
    previous,
    acceptedAt,
    reason,
    replaced: chainHashOf(entry, bytes, hash),
    detail: "",
  });
}
