import { Refusal, type RoomUri } from "@treehouse/protocol";

import type { LocalTx, MessageRow } from "../../storage/index.ts";
import type { GroupsContext } from "../room/index.ts";
import { ownMessage } from "../saying/index.ts";

/** A place in a conversation's history. */
export type HistoryRow = Omit<MessageRow, "serial"> & {
  /** What was done to it since, in the order of the conversation. */
  readonly changes: readonly MessageRow[];
};

/**
 * Which page of a conversation. Positions are the same for everybody and for ever, so that a page's
 * first and last one are cursors that hold. At most one of the three is given; without any, it is the
 * newest page.
 */
export type HistoryPage = {
  /** The newest rows before this position. */
  readonly before?: number | undefined;
  /** The oldest rows behind this position. */
  readonly after?: number | undefined;
  /** The rows on both sides of this position, or of the message with this id; with it among them. */
  readonly around?: number | string | undefined;
  readonly limit: number;
};

/**
 * A page of rows, ascending. What the hub has taken of this client is among them as soon as it has said
 * so: whether the echo comes before the client goes is left to chance. Refuses `notFound` for an
 * `around` that names no message here, and `malformed` when more than one place is named.
 */
export function readHistory(
  context: GroupsContext,
  tx: LocalTx,
  room: RoomUri,
  { before, after, around, limit }: HistoryPage,
): readonly HistoryRow[] {
  if ([before, after, around].filter((one) => one !== undefined).length > 1) {
    throw new Refusal("malformed", "a page is before, after or around one place");
  }
  const unechoed = acceptedMessages(context, tx, room);
  const pages = {
    before: (position: number | undefined, count: number) =>
      merged(
        tx.messages.page(room, position, count).map((row) => withChanges(tx, row)),
        unechoed.filter((row) => position === undefined || row.position < position),
      ).slice(-count),
    after: (position: number, count: number) =>
      merged(
        tx.messages.pageAfter(room, position, count).map((row) => withChanges(tx, row)),
        unechoed.filter((row) => row.position > position),
      ).slice(0, count),
  };
  if (limit < 1) return [];
  if (after !== undefined) return pages.after(after, limit);
  if (around === undefined) return pages.before(before, limit);
  const position = typeof around === "number" ? around : positionOf(tx, room, around, unechoed);
  const upTo = pages.before(position + 1, Math.ceil(limit / 2));
  const behind = pages.after(position, limit - upTo.length);
  return [...pages.before(position + 1, limit - behind.length), ...behind];
}

function merged(stored: readonly HistoryRow[], unechoed: readonly HistoryRow[]) {
  if (unechoed.length === 0) return stored;
  return [...stored, ...unechoed].toSorted((a, b) => a.position - b.position);
}

function positionOf(
  tx: LocalTx,
  room: RoomUri,
  messageId: string,
  unechoed: readonly HistoryRow[],
): number {
  const row =
    tx.messages.byId(room, messageId) ?? unechoed.find((one) => one.messageId === messageId);
  if (row !== undefined) return row.position;
  throw new Refusal("notFound", "there is no such message in this conversation here");
}

export function withChanges(tx: LocalTx, row: MessageRow): HistoryRow & MessageRow {
  const changed = row.kind === "content";
  return { ...row, changes: changed ? tx.messages.changesOf(row.room, row.messageId) : [] };
}

/** What the hub has taken of this client, in whichever room, and the stream has not brought back yet. */
export function readUnechoed(context: GroupsContext, tx: LocalTx): readonly HistoryRow[] {
  const rooms = tx.intents.list().flatMap(({ room, accepted }) => (accepted ? [room] : []));
  return [...new Set(rooms)].flatMap((room) => acceptedMessages(context, tx, room));
}

/** One that is sent again keeps the place that it has. */
function acceptedMessages(
  context: GroupsContext,
  tx: LocalTx,
  room: RoomUri,
): readonly HistoryRow[] {
  return tx.intents.acceptedSends(room, Number.MAX_SAFE_INTEGER).flatMap((intent) => {
    if (intent.accepted === undefined) return [];
    const { aside, change, facets, ...message } = ownMessage(context, room, intent);
    if (aside !== undefined || change !== undefined) return [];
    const row = { ...message, ...facets, ...intent.accepted, changes: [] };
    return tx.messages.contentById(room, row.messageId) === undefined ? [row] : [];
  });
}
