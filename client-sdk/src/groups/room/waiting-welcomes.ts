import {
  inboxEntryCodec,
  type InboxEntry,
  LIMITS,
  opaque,
  parseRoomUri,
  type RoomUri,
  vector,
} from "@treehouse/protocol";

import type { LocalTx } from "../../storage/index.ts";

export type WelcomeEntry = Extract<InboxEntry, { readonly kind: "welcome" }>;

const waitingCodec = vector(opaque({ max: LIMITS.requestBodyBytesMax }));
const start = "welcomes ";
const place = (room: RoomUri) => start + room;

/**
 * Welcomes that came before the entry with which this client left the room: an inbox is read
 * ahead of everything else. What the room's stream still has from before is read first. And those
 * whose hub could not be asked for the tree.
 */
export function keepWelcome(tx: LocalTx, entry: WelcomeEntry): void {
  const { room } = entry.welcome;
  const waiting = [...read(tx, room), inboxEntryCodec.encode(entry)];
  tx.settings.put(place(room), waitingCodec.encode(waiting));
}

export function firstWelcome(tx: LocalTx, room: RoomUri): WelcomeEntry | undefined {
  const [first] = read(tx, room);
  if (first === undefined) return undefined;
  const entry = inboxEntryCodec.decode(first);
  return entry.kind === "welcome" ? entry : undefined;
}

export function dropFirstWelcome(tx: LocalTx, room: RoomUri): void {
  const rest = read(tx, room).slice(1);
  if (rest.length === 0) tx.settings.delete(place(room));
  else tx.settings.put(place(room), waitingCodec.encode(rest));
}

/** Drops those that are of this membership, or of one before it; a later one is still to be used. */
export function dropPastWelcomes(
  tx: LocalTx,
  room: RoomUri,
  upTo: { readonly generation: number; readonly position: number },
): void {
  for (let first = firstWelcome(tx, room); first !== undefined; first = firstWelcome(tx, room)) {
    const { generation, position } = first.welcome;
    const isLater = generation === upTo.generation && position > upTo.position;
    if (generation > upTo.generation || isLater) return;
    dropFirstWelcome(tx, room);
  }
}

export function roomsWithWelcome(tx: LocalTx): readonly RoomUri[] {
  return tx.settings.namesAfter(start).map((room) => parseRoomUri(room));
}

function read(tx: LocalTx, room: RoomUri) {
  const bytes = tx.settings.get(place(room));
  return bytes === undefined ? [] : waitingCodec.decode(bytes);
}
