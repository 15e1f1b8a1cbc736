import type { InboxEntry, RoomUri, StreamUri } from "@treehouse/protocol";

import { type GroupsContext, type Room, firstWelcome, keepWelcome } from "../room/index.ts";
import { enterRoom } from "../entering/index.ts";

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
    const { status, first } = await context.store.transaction((tx) => ({
      status: tx.rooms.get(room.uri)?.status,
      first: firstWelcome(tx, room.uri),
    }));
    const keep = () =>
      context.store.transaction((tx) => {
        keepWelcome(tx, entry);
        tx.cursors.set(cursor);
      });
    const member = status === "joined" || status === "left";
    // Out and in again: the entry that tells of the going is still to be read.
    const early = member && entry.welcome.position > room.cursor.position;
    if (early || (!member && first !== undefined)) {
      await keep();
      return;
    }
    const entering = await enterRoom(context, room, entry, (tx) => tx.cursors.set(cursor));
    // No room's hub may hold up the inbox, and with it everything else (T-41).
    if (entering === "waits") await keep();
  });
  return room;
}
