import { Refusal } from "@treehouse/protocol";

import type { IntentRow } from "../../storage/index.ts";
import { type GroupsContext, type Room, loadGroup } from "../room/index.ts";

/** An update is committed at the latest after so many own messages in one epoch. */
const messagesBeforeUpdate = 3_500;

/** Pending removals are committed before anything is sent, and new keys (FED-1110) where others may have these. */
export function needsCommitFirst(
  context: GroupsContext,
  room: Room,
  intent: IntentRow,
): Promise<boolean> {
  if (intent.status === "submitted") return Promise.resolve(false);
  return room.serial.run(async () => {
    const group = await loadGroup(context, room);
    if (group.pendingRemovals.length > 0 || context.copies.shares(room.uri)) return true;
    return group.messagesSentInEpoch >= messagesBeforeUpdate;
  });
}

export function isRemovalPending(error: unknown): boolean {
  return error instanceof Refusal && error.code === "removalPending";
}
