import { type Bytes, concatBytes, type Head, type RoomUri, u64 } from "@treehouse/protocol";

import type { Cursor, LocalTx } from "../../storage/index.ts";

const place = (room: string) => `own entry ${room}`;
const readPlace = (room: string) => `read before own entry ${room}`;
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
  const former = tx.cursors.get(room);
  const read = former === undefined ? 0 : readUpTo(tx, former);
  tx.settings.put(place(room), concatBytes(u64.encode(position), hash));
  tx.settings.put(readPlace(room), u64.encode(Math.min(read, cursor.position)));
  tx.cursors.set(cursor);
  return cursor;
}

/** The chain hash of the own commit's entry, if that is the one which comes behind this cursor. */
export function ownEntryBehind(tx: LocalTx, cursor: Cursor): Bytes | undefined {
  return notedBehind(tx, cursor)?.slice(positionLength);
}

function notedBehind(tx: LocalTx, { stream, position, hash }: Cursor): Bytes | undefined {
  // Whoever has read an entry knows its hash.
  if (hash.length > 0) return undefined;
  const noted = tx.settings.get(place(stream));
  if (noted === undefined) return undefined;
  return u64.decode(noted.subarray(0, positionLength)) === position + 1 ? noted : undefined;
}

/**
 * How far this client has really read a stream whose cursor this is. Until the own entry has come, the
 * server may lack it and all that stands before it: the answer came from the hub.
 */
export function readUpTo(tx: LocalTx, cursor: Cursor): number {
  if (notedBehind(tx, cursor) === undefined) return cursor.position;
  const read = tx.settings.get(readPlace(cursor.stream));
  return read === undefined ? cursor.position : u64.decode(read);
}

/** In the transaction that moves the cursor behind it. */
export function forgetOwnEntry(tx: LocalTx, room: RoomUri): void {
  tx.settings.delete(place(room));
  tx.settings.delete(readPlace(room));
}
