import { type Bytes, Refusal, type RoomUri } from "@treehouse/protocol";

import type { IntentKind } from "../storage/index.ts";
import { type AboutWish, checkAboutWish, encodeAboutWish } from "./about-wish.ts";
import { capabilitiesOf } from "./capabilities-of.ts";
import { comeBack } from "./come-back.ts";
import type { GroupsContext } from "./context.ts";
import { forgetRoom } from "./forget-room.ts";
import { loadGroup } from "./load-group.ts";
import type { OpenRooms } from "./open-rooms.ts";

type Done = { readonly position: number; readonly acceptedAt: number };

/** What a room says of itself, its record of acts, and its end. */
export interface RoomLife {
  /** Ends the room for everybody. Refuses `notAllowed`. */
  end(room: RoomUri): Promise<Done>;
  /** Forgets a room that this client is out of, with all that was said in it. Refuses `conflict`. */
  forget(room: RoomUri): Promise<void>;
  /** Comes in anew, by a commit of its own. Refuses `removed`. */
  rejoin(room: RoomUri): Promise<void>;
  /** Changes what the room says of itself, of which only what is named. Refuses `notAllowed`. */
  setAbout(room: RoomUri, wish: AboutWish): Promise<Done>;
}

/** Stores what is wanted, and resolves when it is done. */
export type Intend = (room: RoomUri, kind: IntentKind, body: Bytes) => Promise<Done>;

export function createRoomLife(context: GroupsContext, rooms: OpenRooms, intend: Intend): RoomLife {
  return {
    async end(uri) {
      const room = await rooms.open(uri);
      await room.serial.run(async () => {
        const may = capabilitiesOf(await loadGroup(context, room), context.self.user);
        if (may("destroyRoom")) return;
        throw new Refusal("notAllowed", "the rules of this conversation do not permit you that");
      });
      return intend(uri, "end", new Uint8Array());
    },
    forget: async (uri) => forgetRoom(context, await rooms.open(uri)),
    rejoin: async (uri) => comeBack(context, await rooms.open(uri)),
    async setAbout(uri, wish) {
      await checkAboutWish(context, await rooms.open(uri), wish);
      return intend(uri, "metadata", encodeAboutWish(wish));
    },
  };
}
