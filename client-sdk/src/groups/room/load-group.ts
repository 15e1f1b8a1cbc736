import { loadGroup as loadMemberGroup, type MemberGroup } from "@treehouse/mls/member";
import { Refusal } from "@treehouse/protocol";

import type { GroupsContext, Room } from "./context.ts";
import { pauseIfLater } from "./halt.ts";

/**
 * The room's group, from memory or from the store. Call it in the room's `serial`.
 * Refuses `removed` when this client has no group for the room any more.
 */
export async function loadGroup(context: GroupsContext, room: Room): Promise<MemberGroup> {
  if (room.group !== undefined) return room.group;
  const rows = await context.store.transaction((tx) => tx.rooms.groupRows(room.uri));
  if (rows.size === 0) {
    throw new Refusal("removed", "this client is no longer a member of the conversation");
  }
  room.group = await loadMemberGroup(context.member, context.identity, rows);
  pauseIfLater(context, room);
  return room.group;
}
