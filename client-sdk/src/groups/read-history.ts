import type { RoomUri } from "@treehouse/protocol";

import type { LocalTx, MessageRow } from "../storage/index.ts";
import type { GroupsContext } from "./context.ts";
import { ownMessage } from "./send-intent.ts";

/** A place in a conversation's history. */
export type HistoryRow = Omit<MessageRow, "serial"> & {
  /** What was done to it since, in the order of the conversation. */
  readonly changes: readonly MessageRow[];
};

export type HistoryPage = { readonly before: number | undefined; readonly limit: number };

/**
 * The newest rows before a position, ascending. What the hub has taken of this client is among them
 * as soon as it has said so: whether the echo comes before the client goes is left to chance.
 */
export function readHistory(
  context: GroupsContext,
  tx: LocalTx,
  room: RoomUri,
  { before, limit }: HistoryPage,
): readonly HistoryRow[] {
  const stored = tx.messages.page(room, before, limit).map((row) => withChanges(tx, row));
  const unechoed = acceptedMessages(context, tx, room).filter(
    ({ position }) => before === undefined || position < before,
  );
  if (unechoed.length === 0) return stored;
  return [...stored, ...unechoed].toSorted((a, b) => a.position - b.position).slice(-limit);
}

export function withChanges(tx: LocalTx, row: MessageRow): HistoryRow & MessageRow {
  const changed = row.kind === "content";
  return { ...row, changes: changed ? tx.messages.changesOf(row.room, row.messageId) : [] };
}

/** One that is sent again keeps the place that it has. */
function acceptedMessages(
  context: GroupsContext,
  tx: LocalTx,
  room: RoomUri,
): readonly HistoryRow[] {
  return tx.intents.acceptedSends(room, Number.MAX_SAFE_INTEGER).flatMap((intent) => {
    if (intent.accepted === undefined) return [];
    const { aside, change, ...message } = ownMessage(context, room, intent);
    if (aside !== undefined || change !== undefined) return [];
    const row = { ...message, ...intent.accepted, changes: [] };
    return tx.messages.contentById(room, row.messageId) === undefined ? [row] : [];
  });
}
