import { type Bytes, equalBytes, type RoomUri, sha256 } from "@treehouse/protocol";

import type { LocalTx } from "../../storage/index.ts";

const place = (room: RoomUri) => `return ${room}`;

/** The commit by which this store is coming back, before it leaves: a crash may hide what became of it. */
export function noteReturn(tx: LocalTx, room: RoomUri, commit: Bytes): void {
  tx.settings.put(place(room), sha256(commit));
}

export function forgetReturn(tx: LocalTx, room: RoomUri): void {
  tx.settings.delete(place(room));
}

/** Whether a commit that puts this client's leaf in the place of its leaf is one that this store made. */
export function isOwnReturn(tx: LocalTx, room: RoomUri, commit: Bytes): boolean {
  const noted = tx.settings.get(place(room));
  return noted !== undefined && equalBytes(noted, sha256(commit));
}
