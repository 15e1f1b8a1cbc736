import { groupSafetyNumber, type SafetyNumber } from "@treehouse/protocol";

import { type GroupsContext, type Room, loadGroup } from "../room/index.ts";

/** The number of the state that a room is in: members in the same epoch have the same. */
export function roomSafety(
  context: GroupsContext,
  room: Room,
): Promise<SafetyNumber & { readonly epoch: number }> {
  return room.serial.run(async () => {
    const group = await loadGroup(context, room);
    const { epoch } = group;
    const [treeHash, authenticator] = [group.treeHash(), group.epochAuthenticator()];
    const state = { group: group.group, epoch, treeHash, epochAuthenticator: authenticator };
    return { epoch, ...groupSafetyNumber(state) };
  });
}
