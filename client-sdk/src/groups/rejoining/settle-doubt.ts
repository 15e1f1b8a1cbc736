import { type GroupsContext, type Room, writeHubRecord, loadGroup } from "../room/index.ts";
import { prepareReturn } from "./rejoin-room.ts";

/**
 * After a gap nobody may say anything for long, so that nothing would show what was lost in it. The
 * hub is asked: a group that has fallen behind makes the room lost. Refuses `notMember` when this
 * client is out, and otherwise as `rejoinRoom` does.
 */
export async function settleDoubt(context: GroupsContext, room: Room): Promise<void> {
  const { prepared, position } = await prepareReturn(context, room);
  await room.serial.run(async () => {
    const group = await loadGroup(context, room);
    // Entries that are still to come tell by themselves what they follow.
    const hasRead = room.cursor.position >= position;
    if (hasRead && group.epoch < prepared.epoch - 1) room.lost = true;
    const record = { ...room.hub, doubt: undefined };
    await context.store.transaction((tx) => writeHubRecord(tx, room.uri, record));
    room.hub = record;
  });
}
