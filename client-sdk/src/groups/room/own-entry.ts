import { type Bytes, concatBytes, type Head, type RoomUri, u64 } from "@treehouse/protocol";

import type { Cursor, LocalTx } from "../../storage/index.ts";

const place = (room: RoomUri) => `own entry ${room}`;
const positionLength = 8;

/**
 * Where a client goes on that came in by a commit of its own: right before that commit's entry, for
 * the hub's proposals of the new epoch stand in it (FED-208), and nothing else tells of them. The
 * entry's place and hash are noted, since the one before it was never read. In the transaction that
 * makes the new group durable.
 */
export function goOnBeforeOwnEntry(
  tx: LocalTx,
  room: RoomUri,
  { position, hash }: Pick<Head, "position" | "hash">,
): Cursor {
  const cursor = { stream: room, position: position - 1, hash: new Uint8Array() };
  tx.settings.put(place(room), concatBytes(u64.encode(position), hash));
  tx.cursors.set(cursor);
  return cursor;
}

/** The chain hash of the own commit's entry, if that is the one which comes behind this cursor. */
export function ownEntryBehind(tx: LocalTx, room: RoomUri, cursor: Cursor): Bytes | undefined {
  // Whoever has read an entry knows its hash.
  if (cursor.hash.length > 0) return undefined;
  const noted = tx.settings.get(place(room));
  if (noted === undefined) return undefined;
  const position = u64.decode(noted.subarray(0, positionLength));
  return position === cursor.position + 1 ? noted.slice(positionLength) : undefined;
}

/** In the transaction that moves the cursor behind it. */
export function forgetOwnEntry(tx: LocalTx, room: RoomUri): void {
  tx.settings.delete(place(room));
}
