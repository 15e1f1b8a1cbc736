import type { InboxEntry, RoomUri, StreamUri } from "@treehouse/protocol";

import type { GroupsContext, Room } from "./context.ts";
import { enterRoom } from "./enter-room.ts";
import { keepWelcome } from "./waiting-welcomes.ts";

/**
 * Applies one entry of the own inbox; what it brings and the inbox's cursor are one transaction.
 * Answers the room that a Welcome was for.
 */
export async function applyInboxEntry(
  context: GroupsContext,
  inbox: StreamUri,
  entry: InboxEntry,
  open: (room: RoomUri) => Promise<Room>,
): Promise<Room | undefined> {
  const cursor = { stream: inbox, position: entry.position, hash: new Uint8Array() };
  if (entry.kind !== "welcome") {
    const tell = await context.store.transaction((tx) => {
      tx.cursors.set(cursor);
      return context.accountEvents.apply(tx, entry.event);
    });
    tell();
    return undefined;
  }
  const room = await open(entry.welcome.room);
  await room.serial.run(async () => {
    const status = await context.store.transaction((tx) => tx.rooms.get(room.uri)?.status);
    const member = status === "joined" || status === "left";
    if (member && entry.welcome.position > room.cursor.position) {
      // Out and in again: the entry that tells of the going is still to be read.
      await context.store.transaction((tx) => {
        keepWelcome(tx, entry);
        tx.cursors.set(cursor);
      });
      return;
    }
    await enterRoom(context, room, entry, (tx) => tx.cursors.set(cursor));
  });
  return room;
}
