import {
  checked,
  type Codec,
  type CodecValue,
  enumeration,
  fixed,
  opaque,
  optional,
  struct,
  u16,
  u64,
  utf8,
  vector,
  versioned,
} from "../codec/index.ts";
import { clientUriCodec, roomUriCodec } from "../identifiers/index.ts";
import { LIMITS } from "../limits.ts";
import { HISTORY_LIMITS } from "./limits.ts";

/**
 * What a row is. `content`: a message. `change`: what edits one or reacts to it. `deleted`,
 * `withdrawn`: a message or a change that was taken back, of which nothing is left but who sent it.
 * `event`: a change of the room, as the writer's client describes it.
 */
const HISTORY_KINDS = {
  content: 1,
  change: 2,
  deleted: 3,
  withdrawn: 4,
  event: 5,
} as const;

const rowCodec = struct({
  kind: enumeration(HISTORY_KINDS),
  /** Which of the segment's rooms. */
  room: u16,
  position: u64,
  /** When the hub accepted it, in milliseconds since the Unix epoch. */
  acceptedAt: u64,
  /** As the MLS leaf of then said, by the word of whoever wrote this; none of an event. */
  sender: optional(clientUriCodec),
  /** The MIMI message id; none of an event. */
  messageId: optional(fixed(32)),
  /** Of a change: the id of the message that it is about. */
  target: optional(fixed(32)),
  /** A message as it was encrypted; empty of what was taken back; an event as its writer has it. */
  body: opaque({ max: HISTORY_LIMITS.historyBodyBytesMax }),
});

const roomCodec = struct({
  room: roomUriCodec,
  template: utf8({ max: LIMITS.nameBytesMax }),
  name: utf8({ max: LIMITS.roomMetadataBytesMax }),
});

const bareCodec = struct({
  rooms: vector(roomCodec, { countMax: HISTORY_LIMITS.historySegmentRoomsMax }),
  rows: vector(rowCodec, { countMax: HISTORY_LIMITS.historySegmentRowsMax }),
});

/** A room of which a segment holds history. */
export type HistoryRoom = CodecValue<typeof roomCodec>;
export type HistoryRow = CodecValue<typeof rowCodec>;
export type HistorySegment = CodecValue<typeof bareCodec>;

/** FED-1061: rows of history, in the order of acceptance; see `HISTORY_KINDS` for what each holds. */
export const historySegmentCodec: Codec<HistorySegment> = checked(
  versioned(1, bareCodec),
  segmentFault,
);

function segmentFault({ rooms, rows }: HistorySegment): string | undefined {
  if (new Set(rooms.map(({ room }) => room)).size < rooms.length) return "a room twice";
  let before = 0;
  for (const row of rows) {
    if (row.room >= rooms.length) return "a row of no room";
    if (row.acceptedAt < before) return "rows out of order";
    before = row.acceptedAt;
    const isMessage = row.kind !== "event";
    const named = row.sender !== undefined && row.messageId !== undefined;
    if (named !== isMessage) return "a row without a sender or id, or an event with one";
    const isChange = row.kind === "change" || row.kind === "withdrawn";
    if ((row.target !== undefined) !== isChange) return "a change of nothing";
    const isGone = row.kind === "deleted" || row.kind === "withdrawn";
    if (isGone !== (row.body.length === 0)) return "a row that says too much, or nothing";
  }
  return undefined;
}
