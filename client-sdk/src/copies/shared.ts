import {
  type Bytes,
  concatBytes,
  fromHex,
  parseRoomUri,
  type RoomUri,
  toHex,
} from "@treehouse/protocol";

import type { LocalTx } from "../storage/index.ts";

const start = "shared room ";
const packages = "shared KeyPackages";
const refLength = 32;

/** Another copy of this store may be in use, or have been: it has what this one has now. */
export function noteShared(tx: LocalTx): void {
  for (const { room, status } of tx.rooms.list()) {
    if (status !== "removed") shareRoom(tx, room);
  }
  const refs = [...tx.keyPackages.all().keys()].map((ref) => fromHex(ref));
  tx.settings.put(packages, concatBytes(...refs));
}

export function sharedRooms(tx: LocalTx): readonly RoomUri[] {
  return tx.settings.namesAfter(start).map((room) => parseRoomUri(room));
}

export function shareRoom(tx: LocalTx, room: RoomUri): void {
  tx.settings.put(start + room, new Uint8Array([1]));
}

export function unshare(tx: LocalTx, room: RoomUri): void {
  tx.settings.delete(start + room);
}

/** Whether another copy may have been let in by this KeyPackage as well. */
export function isSharedPackage(tx: LocalTx, ref: Bytes): boolean {
  const bytes = tx.settings.get(packages) ?? new Uint8Array();
  const wanted = toHex(ref);
  for (let at = 0; at < bytes.length; at += refLength) {
    if (toHex(bytes.subarray(at, at + refLength)) === wanted) return true;
  }
  return false;
}
