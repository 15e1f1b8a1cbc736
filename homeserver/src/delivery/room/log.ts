import {
  chainHashOf,
  type Domain,
  encodeEntry,
  type Entry,
  type EntryHeader,
  type SubmitMessageRequest,
} from "@treehouse/protocol";
import { sha256, type Tx } from "../../platform/index.ts";
import type { DeliveryContext } from "../context.ts";
import type { PeerItem } from "../ports.ts";
import type { HostedRoom } from "./room.ts";
import type { LogPoint, StoredHead } from "../store/index.ts";

/** Where an entry goes: behind which point of which room's log. */
export type Place = {
  readonly hosted: Pick<HostedRoom, "room" | "generation" | "term">;
  readonly after: LogPoint;
  readonly acceptedAt: number;
  /** The other servers that get the entry. */
  readonly peers: readonly Domain[];
};

/** What is for some of the peers alone, made once the entry has its position and hash. */
export type Parcels = (point: LogPoint) => ReadonlyMap<Domain, Parcel>;
export type Parcel = Pick<PeerItem, "head" | "groupInfo" | "welcomes" | "introduction">;

/** What a sort of entry says beyond the header that all entries have. */
export type EntryBody = BodyOf<Entry>;

type BodyOf<E> = E extends Entry ? Omit<E, Exclude<keyof EntryHeader, "kind">> : never;

/** Whether checks against this form of the room say nothing about the room as it is. */
export function hasMoved({ group, revision }: HostedRoom, head: StoredHead): boolean {
  return head.epoch !== group.epoch || head.revision !== revision;
}

/**
 * Encodes an entry, once and for all who will ever read it, and adds it to the room's log and to
 * what goes to each server with members.
 *
 * The point before is the one that this transaction read, so that the chain (FED-203) holds
 * whatever the closures before it did, and whether or not the database took them back.
 */
export async function appendEntry(
  { roomLog, outbox }: Pick<DeliveryContext, "roomLog" | "outbox">,
  tx: Tx,
  { hosted, after, acceptedAt, peers }: Place,
  body: EntryBody,
  parcels?: Parcels,
): Promise<LogPoint> {
  const position = after.position + 1;
  const whole: Entry = {
    room: hosted.room,
    generation: hosted.generation,
    term: hosted.term,
    position,
    previous: after.hash,
    acceptedAt,
    ephemeral: false,
    ...body,
  };
  const bytes = encodeEntry(whole);
  const entry = { room: hosted.room, position, bytes, handshake: body.kind !== "application" };
  await roomLog.append(tx, entry);
  const point = { position, hash: chainHashOf(whole, bytes, sha256) };
  if (peers.length === 0) return point;
  const parcelOf = parcels?.(point);
  for (const peer of peers) {
    await outbox.add(tx, peer, { kind: "entry", ...entry, ...parcelOf?.get(peer) });
  }
  return point;
}

export async function appendMessage(
  context: Pick<DeliveryContext, "roomLog" | "outbox">,
  tx: Tx,
  place: Place,
  { message }: SubmitMessageRequest,
): Promise<LogPoint> {
  return appendEntry(context, tx, place, { kind: "application", message, frank: undefined });
}
