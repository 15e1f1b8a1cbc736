import { type InboxEntry, Refusal, type StreamUri } from "@treehouse/protocol";

import type { GroupsContext, Room } from "./context.ts";
import { joinWelcome } from "./join-welcome.ts";
import { isPassing, isSessionOver } from "./passing.ts";
import { pinMembers } from "./pin-members.ts";

/**
 * Applies one entry of the own inbox; what it brings and the inbox's cursor are one transaction.
 * A Welcome that cannot be used is told and passed over, for it must not block the inbox (T-41);
 * the client then comes into the room by a commit of its own.
 */
export async function applyInboxEntry(
  context: GroupsContext,
  inbox: StreamUri,
  entry: InboxEntry,
  open: (room: Room["uri"]) => Promise<Room>,
): Promise<Room | undefined> {
  const cursor = { stream: inbox, position: entry.position, hash: new Uint8Array() };
  if (entry.kind !== "welcome") {
    await context.store.transaction((tx) => tx.cursors.set(cursor));
    return undefined;
  }
  const room = await open(entry.welcome.room);
  await room.serial.run(async () => {
    try {
      const joined = await joinWelcome(context, entry.welcome, entry.acceptedAt);
      await context.store.transaction((tx) => {
        joined.write(tx);
        tx.cursors.set(cursor);
      });
      room.group = joined.group;
      room.cursor = joined.cursor;
      room.forked = false;
      room.lost = false;
    } catch (error) {
      if (!(error instanceof Refusal) || isPassing(error) || isSessionOver(error)) throw error;
      await context.store.transaction((tx) => tx.cursors.set(cursor));
      if (error.code === "roomExists") return;
      room.lost = true;
      const { position } = entry;
      const text = `A Welcome cannot be used (${error.message}); trying to come in without it.`;
      context.events.emit("fault", { room: room.uri, position, code: "welcomeUnusable", text });
      return;
    }
    context.events.emit("joined", { room: room.uri });
    await pinMembers(context, room, joinedMembers(room));
  });
  return room;
}

function joinedMembers(room: Room) {
  return room.group?.members() ?? [];
}
