import { type GroupsContext, type Room, tellFaultAt } from "../room/index.ts";

/** The own server has stopped the room (FED-952): told once, until the room goes on. */
export function tellStopped(context: GroupsContext, room: Room): void {
  if (room.stopped) return;
  room.stopped = true;
  tellFaultAt(context, room, room.cursor.position, "roomStopped", stoppedText);
}

const stoppedText =
  "Your server has stopped this conversation, since the server that orders it contradicts itself. " +
  "Nothing new comes, and what you say here waits, until your server's operator has looked.";
