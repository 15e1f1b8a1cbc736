import {
  type Bytes,
  decodeContent,
  fromHex,
  HISTORY_LIMITS,
  type HistoryRoom,
  type HistoryRow,
  type HistorySegment,
  type RoomUri,
} from "@treehouse/protocol";

import { readStored, senderOf } from "../messages/index.ts";
import type { HistoryKey, LocalTx, MessageRow, RowsWanted } from "../storage/index.ts";
import type { HistoryContext } from "./context.ts";

export type SegmentsWanted = Omit<RowsWanted, "limit"> & {
  /** `content` and `change` alone: what a member tells others. */
  readonly messagesOnly?: boolean;
};

/** A part of the history, and where the next one begins. */
export type StoredSegment = { readonly segment: HistorySegment; readonly end: HistoryKey };

const pageRows = 200;
/** What a row takes beside its body. */
const rowOverhead = 512;

/**
 * The stored history as segments, each as long as one should be, without ever holding more than one.
 * With `newestFirst` the segments come so; the rows in each are in order all the same.
 */
export async function* segmentsOf(
  context: HistoryContext,
  wanted: SegmentsWanted,
): AsyncGenerator<StoredSegment, void, undefined> {
  let { after } = wanted;
  for (;;) {
    const next = await context.store.transaction((tx) =>
      readSegment(context, tx, { ...wanted, after }),
    );
    if (next === undefined) return;
    if (next.segment.rows.length > 0) yield next;
    after = next.end;
  }
}

/** Undefined where there is nothing more. */
function readSegment(
  context: HistoryContext,
  tx: LocalTx,
  wanted: SegmentsWanted,
): StoredSegment | undefined {
  const { newestFirst = false, messagesOnly = false, ...rest } = wanted;
  const chosen: MessageRow[] = [];
  let bytes = 0;
  let end: HistoryKey | undefined;
  for (const row of rowsOf(tx, { ...rest, newestFirst })) {
    // What was accepted at one moment stays together, so that segments part at moments.
    const isFull = bytes >= HISTORY_LIMITS.historySegmentBytesWanted;
    if (isFull && row.acceptedAt !== end?.acceptedAt) break;
    end = { acceptedAt: row.acceptedAt, room: row.room, position: row.position };
    bytes += row.body.length + rowOverhead;
    if (travels(row, context.env.now(), messagesOnly)) chosen.push(row);
  }
  if (end === undefined) return undefined;
  const rows = newestFirst ? chosen.toReversed() : chosen;
  return { segment: describe(context, tx, rows), end };
}

function* rowsOf(tx: LocalTx, wanted: Omit<RowsWanted, "limit">): Generator<MessageRow> {
  let { after } = wanted;
  for (;;) {
    const page = tx.history.page({ ...wanted, after, limit: pageRows });
    yield* page;
    after = page.at(-1);
    if (page.length < pageRows) return;
  }
}

/**
 * Whether a row leaves this client. What is to vanish after it was read does not, for nobody could tell
 * when; nor what is past its time.
 */
export function travels(
  row: Pick<MessageRow, "kind" | "body" | "toldBy">,
  now: number,
  messagesOnly = false,
): boolean {
  if (row.kind !== "content" && row.kind !== "change") return !messagesOnly;
  // What a member tells others it has received itself.
  if (messagesOnly && row.toldBy !== undefined) return false;
  const { expires } = decodeContent(readStored(row.body).content);
  return expires === undefined || (!expires.relative && expires.seconds * 1000 > now);
}

function describe(
  context: HistoryContext,
  tx: LocalTx,
  rows: readonly MessageRow[],
): HistorySegment {
  const rooms = new Map<RoomUri, { readonly index: number; readonly room: HistoryRoom }>();
  const indexOf = (room: RoomUri): number => {
    const known = rooms.get(room);
    if (known !== undefined) return known.index;
    const index = rooms.size;
    rooms.set(room, { index, room: context.roomOf(tx, room) ?? { room, template: "", name: "" } });
    return index;
  };
  return {
    rows: rows.map((row) => toldRow(row, indexOf(row.room))),
    rooms: [...rooms.values()].map(({ room }) => room),
  };
}

const none: Bytes = new Uint8Array();

function toldRow(row: MessageRow, room: number): HistoryRow {
  const { position, acceptedAt } = row;
  const place = { room, position, acceptedAt };
  const id = () => fromHex(row.messageId);
  const target = row.target === undefined ? undefined : fromHex(row.target);
  if (row.kind === "content" || row.kind === "change") {
    const { sender, content } = readStored(row.body);
    return { ...place, kind: row.kind, sender, messageId: id(), target, body: content };
  }
  if (row.kind === "deleted" || row.kind === "withdrawn") {
    const sender = senderOf(row.body);
    return { ...place, kind: row.kind, sender, messageId: id(), target, body: none };
  }
  const nobody = { sender: undefined, messageId: undefined, target: undefined };
  return { ...place, ...nobody, kind: "event", body: row.body };
}
