import {
  type CodecValue,
  enumeration,
  fixed,
  struct,
  u64,
  utf8,
  versioned,
} from "../codec/index.ts";
import { LABELS, signedBytes } from "../labels/index.ts";
import type { Bytes } from "../bytes/index.ts";
import { LIMITS } from "../limits.ts";

/** What a sealed piece of history belongs to; nothing passes for a piece of another kind. */
const HISTORY_PLACES = {
  /** A file that the user keeps. */
  archive: 1,
  /** A segment of the backup at the server. */
  backupSegment: 2,
  /** What names the segments of the backup. */
  backupManifest: 3,
  /** From one client of a user to another. */
  transfer: 4,
  /** From a member of a room to those who joined it. */
  grant: 5,
} as const;

export const historyPlaceCodec = versioned(
  1,
  struct({
    kind: enumeration(HISTORY_PLACES),
    /** The user whose history it is, or the room that grants it. */
    owner: utf8({ max: LIMITS.uriBytesMax }),
    /** Of this archive, backup, transfer or grant: random. */
    id: fixed(16),
    /** Which piece, or which version. */
    number: u64,
  }),
);

export type HistoryPlace = CodecValue<typeof historyPlaceCodec>;

/** FED-1063: what a sealed piece of history is bound to. */
export function historyPlace(place: HistoryPlace): Bytes {
  return signedBytes(LABELS.historyPiece, historyPlaceCodec.encode(place));
}
