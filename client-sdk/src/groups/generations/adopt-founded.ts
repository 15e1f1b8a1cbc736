import { decodeRoomState, roomOfGroup } from "@treehouse/protocol";

import { encodeUsers } from "../changing/index.ts";
import type { GroupsContext, Room } from "../room/index.ts";
import { formerGroupOf, writeRejoined } from "../rejoining/index.ts";

/**
 * Goes on with the group that this client has made, once the log says so or, where it cannot be read, the
 * hub. A crash before leaves a room that this client comes back into like everybody else.
 */
export async function adoptFounded(context: GroupsContext, room: Room): Promise<boolean> {
  const adopted = await room.serial.run(async () => {
    const { founded, begun } = room;
    if (founded === undefined || !room.lost) return undefined;
    const { generation } = roomOfGroup(founded.group.group);
    const entry = begun?.generation === generation ? begun.at : undefined;
    const head = founded.head ?? entry;
    if (head === undefined) return undefined;
    const former = await formerGroupOf(context, room);
    const state = decodeRoomState(founded.group.roomState());
    const rejoined = { group: founded.group, state, former, head, isFounding: true };
    await writeRejoined(context, room, rejoined);
    return founded;
  });
  if (adopted === undefined) return false;
  const { users, reason } = adopted;
  await context.store.transaction((tx) => {
    const body = encodeUsers(users);
    tx.intents.add({
      room: room.uri,
      kind: "bringBack",
      createdAt: context.env.now(),
      body,
      reason,
    });
  });
  return true;
}
