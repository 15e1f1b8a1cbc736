import type { Bytes, RoomUri } from "@treehouse/protocol";

import type { IntentKind } from "../storage/index.ts";
import { type AboutWish, checkAboutWish, encodeAboutWish } from "./about-wish.ts";
import type { GroupsContext } from "./context.ts";
import type { OpenRooms } from "./open-rooms.ts";

type Done = { readonly position: number; readonly acceptedAt: number };

/** What a room says of itself, its record of acts, and its end. */
export interface RoomLife {
  /** Changes what the room says of itself, of which only what is named. Refuses `notAllowed`. */
  setAbout(room: RoomUri, wish: AboutWish): Promise<Done>;
}

/** Stores what is wanted, and resolves when it is done. */
export type Intend = (room: RoomUri, kind: IntentKind, body: Bytes) => Promise<Done>;

export function createRoomLife(context: GroupsContext, rooms: OpenRooms, intend: Intend): RoomLife {
  return {
    async setAbout(uri, wish) {
      await checkAboutWish(context, await rooms.open(uri), wish);
      return intend(uri, "metadata", encodeAboutWish(wish));
    },
  };
}
