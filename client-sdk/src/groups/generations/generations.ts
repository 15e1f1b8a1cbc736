import type { RoomUri } from "@treehouse/protocol";

import type { GroupsContext, Room } from "../context.ts";
import type { OpenRooms } from "../open-rooms.ts";
import { resetRoom } from "./reset-room.ts";

export interface Generations {
  /** Has the room go on with another group; resolves once this client is in it. */
  reset(room: RoomUri, reason?: string): Promise<void>;
}

export function createGenerations(
  context: GroupsContext,
  rooms: OpenRooms,
  wake: (room: Room) => void,
): Generations {
  return {
    reset: async (uri, reason = "") => resetRoom(context, await rooms.open(uri), { reason, wake }),
  };
}
