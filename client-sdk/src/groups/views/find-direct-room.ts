import { decodeRoomState, type RoomUri, type UserUri } from "@treehouse/protocol";

import { type GroupsContext, loadGroup } from "../room/index.ts";
import type { OpenRooms } from "../open-rooms.ts";

/**
 * The direct conversation of this pair that the client takes part in. When both have made one at
 * the same moment, both choose the one with the lowest URI, so that they meet.
 */
export async function findDirectRoom(
  context: GroupsContext,
  rooms: OpenRooms,
  peer: UserUri,
): Promise<RoomUri | undefined> {
  const pair = [...new Set([context.self.user, peer])].toSorted().join(" ");
  const rows = await context.store.transaction((tx) => tx.rooms.list());
  const found: RoomUri[] = [];
  for (const row of rows) {
    const usable = row.status === "joined" || row.status === "founding";
    if (row.template !== "direct" || !usable) continue;
    const room = await rooms.open(row.room);
    const group = await room.serial.run(() => loadGroup(context, room));
    const { assignments } = decodeRoomState(group.roomState());
    const users = assignments.map(({ user }) => user).toSorted();
    if (users.join(" ") === pair) found.push(row.room);
  }
  return found.toSorted()[0];
}
