import { Refusal, type RoomUri } from "@treehouse/protocol";
import { z } from "zod";

import type { DataEntry, LocalTx } from "../../storage/index.ts";
import { recordOfRoom } from "./records.ts";

const positionSchema = z.int().nonnegative();

/** Everything up to this position has been read; 0 at first. */
export function readPositionOf(tx: LocalTx, room: RoomUri): number {
  const { at, position } = notedIn(tx, room);
  return positionRead(tx, room, { position, at });
}

/**
 * How far a note reaches here. One beyond all that is here was made by a client that has more of the
 * room, or by mistake: it counts for what was there when it was made, so that nothing is read for ever.
 */
export function positionRead(
  tx: LocalTx,
  room: RoomUri,
  { at, position }: { readonly position: number; readonly at: number },
): number {
  if (position <= (tx.cursors.get(room)?.position ?? 0)) return position;
  return Math.min(position, tx.unread.acceptedBy(room, at));
}

/** A position behind the one that is noted changes nothing; one beyond the room is its last one. */
export function writeRead(
  tx: LocalTx,
  room: RoomUri,
  { position, at }: { readonly position: number; readonly at: number },
): void {
  const read = lastRead(tx, room, position);
  if (read <= readPositionOf(tx, room)) return;
  const noted = notedIn(tx, room);
  // Of two notes the farther one counts, so one that was a mistake stays, and only its time goes on.
  const entry =
    noted.position > read
      ? { value: noted.position, at: Math.max(noted.at, acceptedAt(tx, room, read)) }
      : { value: read, at };
  tx.accountData.set(recordOfRoom(room), keyOf(room), entry);
}

/** Refuses `malformed` for what is no position. */
export function lastRead(tx: LocalTx, room: RoomUri, position: unknown): number {
  const { data } = positionSchema.safeParse(position);
  if (data === undefined) {
    throw new Refusal("malformed", "a position is a whole number from 0 on, as messages have one");
  }
  const last = tx.cursors.get(room)?.position ?? tx.messages.page(room, undefined, 1)[0]?.position;
  return Math.min(data, last ?? 0);
}

function notedIn(tx: LocalTx, room: RoomUri): { readonly position: number; readonly at: number } {
  const entry: DataEntry | undefined = tx.accountData.get(recordOfRoom(room)).entries[keyOf(room)];
  return { position: positionSchema.safeParse(entry?.value).data ?? 0, at: entry?.at ?? 0 };
}

function acceptedAt(tx: LocalTx, room: RoomUri, position: number): number {
  return tx.messages.page(room, position + 1, 1)[0]?.acceptedAt ?? 0;
}

function keyOf(room: RoomUri): string {
  return `read ${room}`;
}
