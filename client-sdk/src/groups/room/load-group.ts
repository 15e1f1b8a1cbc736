import { loadGroup as loadMemberGroup, type MemberGroup } from "@treehouse/mls/member";
import { Refusal } from "@treehouse/protocol";

import { StoreFault } from "../../storage/index.ts";
import type { GroupsContext, Room } from "./context.ts";
import { pauseIfLater } from "./halt.ts";

/**
 * The room's group, from memory or from the store. Call it in the room's `serial`.
 * Refuses `removed` when this client has no group for the room any more. A group that the store should
 * have, and has not or cannot open, is a `StoreFault` "storeDamaged".
 */
export async function loadGroup(context: GroupsContext, room: Room): Promise<MemberGroup> {
  if (room.group !== undefined) return room.group;
  const { rows, status } = await context.store.transaction((tx) => ({
    rows: tx.rooms.groupRows(room.uri),
    status: tx.rooms.get(room.uri)?.status,
  }));
  if (rows.size === 0) {
    if (status === "joined") throw new StoreFault("storeDamaged", "a conversation has no group");
    throw new Refusal("removed", "this client is no longer a member of the conversation");
  }
  room.group = await loadMemberGroup(context.member, context.identity, rows);
  pauseIfLater(context, room);
  return room.group;
}
