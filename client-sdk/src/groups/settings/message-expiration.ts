import { decodeRoomState, type MessageExpiration, messageExpirationOf } from "@treehouse/protocol";

import { type GroupsContext, type Room, loadGroup } from "../room/index.ts";

/** How long messages stay in a room, as its state has it in this epoch. */
export function messageExpirationIn(
  context: GroupsContext,
  room: Room,
): Promise<MessageExpiration | undefined> {
  return room.serial.run(async () => {
    const group = await loadGroup(context, room);
    return messageExpirationOf(decodeRoomState(group.roomState()));
  });
}
