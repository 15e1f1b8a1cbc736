import {
  decodeRoomState,
  equalBytes,
  type LinkUses,
  NetworkFault,
  Refusal,
  type RoomUri,
} from "@treehouse/protocol";

import type { OpenRooms } from "../open-rooms.ts";
import { fetchGroupInfo } from "../rejoining/index.ts";
import { type GroupsContext, isPassing, loadGroup } from "../room/index.ts";

/**
 * How often each link of a room was used: the hub alone counts, over all servers, and says so in what it
 * gives to members who come back (FED-1085). Undefined while it cannot be asked.
 */
export async function askLinkUses(
  context: GroupsContext,
  rooms: OpenRooms,
  uri: RoomUri,
): Promise<readonly LinkUses[] | undefined> {
  const room = await rooms.open(uri);
  const { joinLinks, hubKey: known } = await room.serial.run(async () =>
    decodeRoomState((await loadGroup(context, room)).roomState()),
  );
  if (joinLinks.length === 0) return [];
  try {
    const { info, hubKey } = await fetchGroupInfo(context, room);
    const isOfHub = known === undefined || equalBytes(known, hubKey);
    return isOfHub ? info.linkUses : undefined;
  } catch (error) {
    if (error instanceof NetworkFault || (error instanceof Refusal && isPassing(error))) {
      return undefined;
    }
    throw error;
  }
}
