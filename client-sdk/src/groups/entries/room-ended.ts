import { type Entry, TOMBSTONE_REASONS } from "@treehouse/protocol";

import {
  type GroupsContext,
  type Room,
  type EntryWrite,
  fault,
  loadGroup,
  isHidden,
} from "../room/index.ts";

/**
 * The hub has closed the room, for all in it have left (FED-754): the keys go. A client that never
 * asked to leave, and whose removal nobody has proposed, keeps its own: so a hub destroys no
 * conversation that it could not end otherwise.
 */
export async function roomEnded(
  context: GroupsContext,
  room: Room,
  entry: Entry,
): Promise<EntryWrite> {
  if (entry.kind === "tombstone" && entry.reason === TOMBSTONE_REASONS.deleted) {
    return fault(context, room, entry, "tombstone", deletedText);
  }
  const leaving = await context.store.transaction(
    (tx) =>
      tx.rooms.get(room.uri)?.status === "left" ||
      tx.intents.list(room.uri).some(({ kind }) => kind === "leave"),
  );
  const group = await loadGroup(context, room);
  if (!leaving && !group.pendingRemovals.includes(group.ownLeaf)) {
    return fault(context, room, entry, "tombstone", endedText);
  }
  let hidden = false;
  return {
    left: true,
    rows(tx) {
      tx.rooms.setStatus(room.uri, "removed");
      tx.rooms.deleteGroup(room.uri);
      hidden = isHidden(tx, room.uri);
    },
    after() {
      room.group = undefined;
      if (!hidden) context.events.emit("removed", { room: room.uri });
    },
  };
}

const deletedText =
  "The hub says that this conversation was deleted, and nobody in it has done that. This client keeps it.";
const endedText = "The hub has closed this conversation, though this client has not left it.";
