import { encodeEntry, entryHash } from "@treehouse/protocol";
import type { Entry, EntryHeader, SubmitMessageRequest } from "@treehouse/protocol";
import type { Tx } from "../platform/index.ts";
import type { RoomLog } from "./ports.ts";
import type { HostedRoom } from "./room.ts";
import { sha256 } from "./sha256.ts";
import type { LogPoint, StoredHead } from "./store.ts";

/** Where an entry goes: behind which point of which room's log. */
export type Place = {
  readonly hosted: Pick<HostedRoom, "room" | "generation" | "term">;
  readonly after: LogPoint;
  readonly acceptedAt: number;
};

/** What a sort of entry says beyond the header that all entries have. */
export type EntryBody = BodyOf<Entry>;

type BodyOf<E> = E extends Entry ? Omit<E, Exclude<keyof EntryHeader, "kind">> : never;

/** Whether checks against this form of the room say nothing about the room as it is. */
export function hasMoved({ group, revision }: HostedRoom, head: StoredHead): boolean {
  return head.epoch !== group.epoch || head.revision !== revision;
}

/**
 * Encodes an entry, once and for all who will ever read it, and adds it to the room's log.
 *
 * The point before is the one that this transaction read, so that the chain (FED-203) holds
 * whatever the closures before it did, and whether or not the database took them back.
 */
export async function appendEntry(
  roomLog: RoomLog,
  tx: Tx,
  { hosted, after, acceptedAt }: Place,
  body: EntryBody,
): Promise<LogPoint> {
  const position = after.position + 1;
  const bytes = encodeEntry({
    room: hosted.room,
    generation: hosted.generation,
    term: hosted.term,
    position,
    previous: after.hash,
    acceptedAt,
    ephemeral: false,
    ...body,
  });
  await roomLog.append(tx, {
    room: hosted.room,
    position,
    bytes,
    handshake: body.kind !== "application",
    ephemeral: false,
  });
  return { position, hash: entryHash(bytes, sha256) };
}

export async function appendMessage(
  roomLog: RoomLog,
  tx: Tx,
  place: Place,
  { message }: SubmitMessageRequest,
): Promise<LogPoint> {
  return appendEntry(roomLog, tx, place, { kind: "application", message, frank: undefined });
}
