import { LIMITS } from "@treehouse/protocol";
import type { RoomUri, SignedHead } from "@treehouse/protocol";
import type { Pending } from "./item.ts";

type Owed = {
  /** The newest entry of the room that was sent to the peer. */
  position: number;
  /** Its item. */
  newest: number;
  /** An item from which on no head covers the room's entries. */
  since: number;
  /** When the room's head was last read, by the monotonic clock. */
  readAt: number;
};

/** Rooms of one peer that are remembered; with more, the longest owed are given up. */
const roomsMax = 10_000;

/**
 * Rooms whose newest entries were sent to a peer, but no signed head that covers them (FED-952). It
 * ends with a head that does: at most one per room and interval, and a last one behind the last
 * entry.
 */
export class OwedHeads {
  readonly #rooms = new Map<RoomUri, Owed>();
  /** When heads of rooms were last read that are owed nothing now: the interval counts over that. */
  readonly #rested = new Map<RoomUri, number>();

  /** When any heads were last read. */
  #readAt = Number.NEGATIVE_INFINITY;

  get size(): number {
    return this.#rooms.size;
  }

  /** An item is on its way, perhaps with the head at its entry. */
  sent(item: Pick<Pending, "room" | "position" | "sequence">, withHead: boolean): void {
    const { room, position, sequence } = item;
    if (room === undefined) return;
    if (withHead) {
      this.covered(room, position, sequence);
      return;
    }
    const owed = this.#rooms.get(room);
    if (owed === undefined) {
      this.#owe(room, { position, newest: sequence, since: sequence });
    } else if (position > owed.position) {
      owed.position = position;
      owed.newest = sequence;
    }
  }

  /** The peer has a head at this position, which was sent behind this item. */
  covered(room: RoomUri, position: number, sequence: number): void {
    const owed = this.#rooms.get(room);
    if (owed === undefined) return;
    owed.since = sequence + 1;
    if (position < owed.position) return;
    this.#rooms.delete(room);
    this.#rest(room, owed.readAt);
  }

  /** The room has ended, or has nobody of the peer any more. */
  forget(room: RoomUri): void {
    this.#rooms.delete(room);
  }

  /**
   * Whether a head covers nothing beyond the items up to this one; one that says more must wait for
   * the rest. What was sent before may have been lost, and be on its way again only in part.
   */
  fits({ head }: SignedHead, upTo: number): boolean {
    const owed = this.#rooms.get(head.room);
    return owed !== undefined && head.position <= owed.position && owed.newest <= upTo;
  }

  /** Rooms whose head may be read now, the longest waiting first, and notes that it is. */
  takeDue(now: number, limit: number): readonly RoomUri[] {
    const due: RoomUri[] = [];
    this.#readAt = now;
    for (const [room, owed] of this.#rooms) {
      if (owed.readAt + LIMITS.headIntervalMs > now) continue;
      due.push(room);
      if (due.length === limit) break;
    }
    for (const room of due) {
      const owed = this.#rooms.get(room);
      if (owed === undefined) continue;
      this.#rooms.delete(room);
      this.#rooms.set(room, { ...owed, readAt: now });
    }
    return due;
  }

  /** Whether heads are owed and were left out for longer than one may be missing. */
  isLate(now: number): boolean {
    return this.#rooms.size > 0 && this.#readAt + 2 * LIMITS.headIntervalMs <= now;
  }

  /** How long until a head may be read; undefined if none is owed. */
  dueInMs(now: number): number | undefined {
    if (this.#rooms.size === 0) return undefined;
    let earliest = Number.POSITIVE_INFINITY;
    for (const { readAt } of this.#rooms.values()) earliest = Math.min(earliest, readAt);
    return Math.max(0, earliest + LIMITS.headIntervalMs - now);
  }

  /** All items before this one are covered. */
  coveredBefore(): number {
    let first = Number.POSITIVE_INFINITY;
    for (const { since } of this.#rooms.values()) first = Math.min(first, since);
    return first;
  }

  #owe(room: RoomUri, owed: Omit<Owed, "readAt">): void {
    const readAt = this.#rested.get(room) ?? Number.NEGATIVE_INFINITY;
    this.#rested.delete(room);
    this.#rooms.set(room, { ...owed, readAt });
    if (this.#rooms.size > roomsMax) dropOldest(this.#rooms);
  }

  #rest(room: RoomUri, readAt: number): void {
    if (readAt === Number.NEGATIVE_INFINITY) return;
    this.#rested.delete(room);
    this.#rested.set(room, readAt);
    if (this.#rested.size > roomsMax) dropOldest(this.#rested);
  }
}

function dropOldest(map: Map<RoomUri, unknown>): void {
  for (const room of map.keys()) {
    map.delete(room);
    return;
  }
}
