import { decodeRoomState, Refusal, type RoomUri, type UserUri } from "@treehouse/protocol";

import { type GroupsContext, loadGroup } from "../room/index.ts";
import type { OpenRooms } from "../open-rooms.ts";

/** A conversation of two, and the other one. */
export type DirectRoom = { readonly room: RoomUri; readonly peer: UserUri };

/** The direct conversations that this client takes part in. */
export async function listDirectRooms(
  context: GroupsContext,
  rooms: OpenRooms,
): Promise<readonly DirectRoom[]> {
  const rows = await context.store.transaction((tx) => tx.rooms.list());
  const found: DirectRoom[] = [];
  for (const { room: uri, template, status } of rows) {
    if (template !== "direct" || status !== "joined") continue;
    const peer = await peerIn(context, rooms, uri);
    if (peer !== undefined) found.push({ room: uri, peer });
  }
  return found;
}

/** Undefined for the conversation with oneself, and for one whose group is gone meanwhile. */
async function peerIn(
  context: GroupsContext,
  rooms: OpenRooms,
  uri: RoomUri,
): Promise<UserUri | undefined> {
  const room = await rooms.open(uri);
  try {
    const group = await room.serial.run(() => loadGroup(context, room));
    const { assignments } = decodeRoomState(group.roomState());
    return assignments.find(({ user }) => user !== context.self.user)?.user;
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}
