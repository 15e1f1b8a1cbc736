import { KIB, MIB } from "../units.ts";

/** The bounds of history that travels between clients: exports, backups, transfers and grants. */
export const HISTORY_LIMITS = {
  /** A segment before it is sealed, its padding included. */
  historySegmentBytesMax: 8 * MIB,
  /** What a writer puts into one segment; a single row may make it longer. */
  historySegmentBytesWanted: 256 * KIB,
  /** Rows of one segment. */
  historySegmentRowsMax: 65_536,
  /** Rooms that one segment names. */
  historySegmentRoomsMax: 4096,
  /** The stored form of one message or event. */
  historyBodyBytesMax: 96 * KIB,
  /** Days that a room may grant those who join it. */
  historyGrantDaysMax: 366,
  /** Segments of one grant. */
  historyGrantSegmentsMax: 64,
  /** Users to whom one grant is. */
  historyGrantUsersMax: 256,
  /** A segment of a grant that stands in the message itself, sealed. */
  historyGrantInlineMax: 36 * KIB,
} as const;
