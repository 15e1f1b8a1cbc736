import { type Bytes, Refusal, type RoomUri } from "@treehouse/protocol";

import type { IntentKind } from "../../storage/index.ts";
import { type AboutWish, checkAboutWish, encodeAboutWish } from "../about/index.ts";
import {
  type AuditPage,
  type AuditRange,
  giveAudit,
  importAudit,
  readAudit,
} from "../audit/index.ts";
import { capabilitiesOf, dropUnvouched, type GroupsContext, loadGroup } from "../room/index.ts";
import { comeBack } from "../upkeep/index.ts";
import { forgetRoom } from "./forget-room.ts";
import type { OpenRooms } from "../open-rooms.ts";

type Done = { readonly position: number; readonly acceptedAt: number };

/** What a room says of itself, its record of acts, and its end. */
export interface RoomLife {
  /** Ends the room for everybody. Refuses `notAllowed`. */
  end(room: RoomUri, reason?: string): Promise<Done>;
  /** A page of the record of acts. Refuses `notAllowed`. */
  audit(room: RoomUri, range: AuditRange): Promise<AuditPage>;
  /** The record for another member. Refuses `notAllowed` and `notFound`. */
  giveAudit(room: RoomUri): Promise<Bytes>;
  /** Takes in a record that another member gave. Refuses `invalidMessage` and `malformed`. */
  takeAudit(room: RoomUri, bytes: Uint8Array): Promise<number>;
  /** Forgets a room that this client is out of, with all that was said in it. Refuses `conflict`. */
  forget(room: RoomUri): Promise<void>;
  /** Comes in anew, by a commit of its own. Refuses `removed`. */
  rejoin(room: RoomUri): Promise<void>;
  /** Takes those for members who came in on nobody's word that this client knew. */
  acceptMembers(room: RoomUri): Promise<void>;
  /** Changes what the room says of itself, of which only what is named. Refuses `notAllowed`. */
  setAbout(room: RoomUri, wish: AboutWish, reason?: string): Promise<Done>;
}

/** Stores what is wanted, and resolves when it is done. */
export type Intend = (
  room: RoomUri,
  kind: IntentKind,
  body: Bytes,
  reason?: string,
) => Promise<Done>;

export function createRoomLife(context: GroupsContext, rooms: OpenRooms, intend: Intend): RoomLife {
  return {
    async end(uri, reason) {
      const room = await rooms.open(uri);
      await room.serial.run(async () => {
        const may = capabilitiesOf(await loadGroup(context, room), context.self.user);
        if (may("destroyRoom")) return;
        throw new Refusal("notAllowed", "the rules of this conversation do not permit you that");
      });
      return intend(uri, "end", new Uint8Array(), reason);
    },
    forget: async (uri) => forgetRoom(context, await rooms.open(uri)),
    acceptMembers: (uri) => context.store.transaction((tx) => dropUnvouched(tx, uri)),
    rejoin: async (uri) => comeBack(context, await rooms.open(uri)),
    audit: async (uri, range) => readAudit(context, await rooms.open(uri), range),
    giveAudit: async (uri) => giveAudit(context, await rooms.open(uri)),
    takeAudit: async (uri, bytes) => importAudit(context, await rooms.open(uri), bytes),
    async setAbout(uri, wish, reason) {
      await checkAboutWish(context, await rooms.open(uri), wish);
      return intend(uri, "metadata", encodeAboutWish(wish), reason);
    },
  };
}
