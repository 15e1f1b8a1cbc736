import {
  parseUserUri,
  type RoomUri,
  type UserUri,
  utf8Decode,
  utf8Encode,
} from "@treehouse/protocol";

import type { LocalTx } from "../../storage/index.ts";

/**
 * How what comes is received. `blocked`: from somebody who is blocked, in a conversation with them
 * alone; kept as that and never shown. `hidden`: in a conversation into which somebody brought this
 * client who was blocked then and still is; read, as its history shows later, but told to nobody.
 * Conversations with others where somebody is blocked go on as they are.
 */
export type Reception = "shown" | "hidden" | "blocked";

export function receptionOf(tx: LocalTx, room: RoomUri, sender: UserUri): Reception {
  const direct = tx.rooms.get(room)?.template === "direct";
  if (direct && tx.relations.isBlocked(sender)) return "blocked";
  return isHidden(tx, room) ? "hidden" : "shown";
}

/** Whether the conversation is one into which somebody blocked has brought this client. */
export function isHidden(tx: LocalTx, room: RoomUri): boolean {
  const inviter = tx.settings.get(place(room));
  return inviter !== undefined && tx.relations.isBlocked(parseUserUri(utf8Decode(inviter)));
}

/** Notes with a Welcome who it is from, if that is somebody blocked. */
export function noteInviter(tx: LocalTx, room: RoomUri, inviter: UserUri | undefined): void {
  if (inviter !== undefined && tx.relations.isBlocked(inviter)) {
    tx.settings.put(place(room), utf8Encode(inviter));
  } else {
    tx.settings.delete(place(room));
  }
}

const place = (room: RoomUri) => `inviter ${room}`;
