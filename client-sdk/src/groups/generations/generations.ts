import type { Domain, RoomUri } from "@treehouse/protocol";

import type { GroupsContext, Room } from "../room/index.ts";
import type { OpenRooms } from "../open-rooms.ts";
import { claimRoom, type Claimed } from "./claim-room.ts";
import { resetRoom } from "./reset-room.ts";

export interface Generations {
  /** Has the room go on with another group; resolves once this client is in it. */
  reset(room: RoomUri, reason?: string): Promise<void>;
  /** Agrees that a room whose hub is gone goes on at another server. */
  claim(room: RoomUri, hub: Domain): Promise<Claimed>;
}

export function createGenerations(
  context: GroupsContext,
  rooms: OpenRooms,
  wake: (room: Room) => void,
): Generations {
  return {
    claim: async (uri, hub) => claimRoom(context, await rooms.open(uri), { hub, wake }),
    reset: async (uri, reason = "") => resetRoom(context, await rooms.open(uri), { reason, wake }),
  };
}
