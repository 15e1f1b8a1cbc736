import type { MessageExpiration, RoomUri } from "@treehouse/protocol";

import type { GroupsContext } from "../room/index.ts";
import {
  historyDaysWish,
  type HistoryGranting,
  historyGrantingIn,
  encodeExpiration,
} from "../changing/index.ts";
import { messageExpirationIn } from "./message-expiration.ts";
import type { OpenRooms } from "../open-rooms.ts";
import type { Intend } from "./room-life.ts";
import { unseenDaysIn, unseenDaysWish } from "./unseen-days.ts";

type Done = { readonly position: number; readonly acceptedAt: number };

/** What a room agrees on for its messages. */
export interface RoomSettings {
  /** How long messages stay in the room, unless their senders say otherwise; undefined: for good. */
  messageExpiration(room: RoomUri): Promise<MessageExpiration | undefined>;
  /** Changes for everybody how long messages stay. */
  setMessageExpiration(room: RoomUri, policy: MessageExpiration): Promise<Done>;
  /** After how many days without its client a leaf goes; undefined: never. */
  unseenDays(room: RoomUri): Promise<number | undefined>;
  /** Has it go after so many days; undefined: never. Refuses `limitExceeded` and `notAllowed`. */
  setUnseenDays(room: RoomUri, days: number | undefined, reason?: string): Promise<Done>;
  /** What the room grants those who join it. Refuses `removed`. */
  historyGranting(room: RoomUri): Promise<HistoryGranting>;
  /** Has the room grant so many days; 0 grants nothing. Refuses `limitExceeded` and `notAllowed`. */
  setHistoryDays(room: RoomUri, days: number): Promise<Done>;
}

export function createRoomSettings(
  context: GroupsContext,
  rooms: OpenRooms,
  intend: Intend,
): RoomSettings {
  return {
    messageExpiration: async (uri) => messageExpirationIn(context, await rooms.open(uri)),
    setMessageExpiration: (room, policy) => intend(room, "component", encodeExpiration(policy)),
    unseenDays: async (uri) => unseenDaysIn(context, await rooms.open(uri)),
    setUnseenDays: async (uri, days, reason) =>
      intend(uri, "component", await unseenDaysWish(context, await rooms.open(uri), days), reason),
    historyGranting: async (uri) => historyGrantingIn(context, await rooms.open(uri)),
    setHistoryDays: async (uri, days) =>
      intend(uri, "component", await historyDaysWish(context, await rooms.open(uri), days)),
  };
}
