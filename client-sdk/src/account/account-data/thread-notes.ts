import { type RoomUri, sha256, toHex, utf8Encode } from "@treehouse/protocol";
import { z } from "zod";

import type { LocalTx } from "../../storage/index.ts";
import { lastRead, positionRead } from "./read-position.ts";
import { THREADS_RECORD } from "./records.ts";

const noteSchema = z.object({
  /** Everything in the thread up to this position has been read. */
  read: z.int().nonnegative().default(0),
  /** Chosen by the user; undefined: as it comes. */
  following: z.boolean().optional(),
});

/** What a user notes of a thread, the same on all clients. */
export type ThreadNote = z.infer<typeof noteSchema>;

/** Notes of more threads than these are forgotten, the oldest first: they share one record. */
const notesMax = 150;

/** `topic` is the hex of the MIMI topic. */
export function threadNoteOf(tx: LocalTx, room: RoomUri, topic: string): ThreadNote {
  const entry = tx.accountData.get(THREADS_RECORD).entries[keyOf(room, topic)];
  const { data } = noteSchema.safeParse(entry?.value);
  if (entry === undefined || data === undefined) return { read: 0 };
  return { ...data, read: positionRead(tx, room, { position: data.read, at: entry.at }) };
}

export function writeThreadNote(
  tx: LocalTx,
  { room, topic }: { readonly room: RoomUri; readonly topic: string },
  { change, at }: { readonly change: Partial<ThreadNote>; readonly at: number },
): void {
  const row = tx.accountData.get(THREADS_RECORD);
  const read = !("read" in change) ? {} : { read: lastRead(tx, room, change.read) };
  const value = { ...threadNoteOf(tx, room, topic), ...change, ...read };
  const others = Object.entries(row.entries)
    .filter(([key]) => key !== keyOf(room, topic))
    .toSorted(([, a], [, b]) => b.at - a.at)
    .slice(0, notesMax - 1);
  const entries = Object.fromEntries([...others, [keyOf(room, topic), { value, at }]]);
  tx.accountData.put({ ...row, changed: true, entries });
}

function keyOf(room: RoomUri, topic: string): string {
  return `${room} ${toHex(sha256(utf8Encode(topic))).slice(0, 32)}`;
}
