import type { ClientUri, StreamUri } from "@treehouse/protocol";
import { withMore } from "../platform/index.ts";
import type { Subscription } from "./store.ts";
import type { Stream } from "./stream-cache.ts";

/** Where a reader of a stream stands. */
export type Standing = {
  /**
   * `behind`: there are entries to read. `level`: nothing yet, but whatever comes is to be read.
   * `waiting`: a Welcome must be acknowledged first. `none`: nothing is left, and nothing will come.
   */
  readonly state: "behind" | "level" | "waiting" | "none";
  /** The reader has everything up to here that it may have. */
  readonly after: number;
  /** The last position that it may have as things stand. */
  readonly upTo: number;
};

/** A cursor that is not on disk as it is in memory. */
export type UnwrittenCursor = {
  readonly stream: Stream;
  readonly after: number;
  readonly cursor: number;
  /** Everything was read that this subscription will ever allow. */
  readonly finished: boolean;
};

export type Acknowledged = {
  readonly changed: boolean;
  /** The streams that waited for just this position of the inbox. */
  readonly released: readonly StreamUri[];
};

const open = -1;
const width = 5;
const [AFTER, UP_TO, CURSOR, WRITTEN, AWAITS] = [0, 1, 2, 3, 4] as const;

/**
 * One client's subscriptions in memory, the inbox first. Thousands of clients are connected at once
 * with hundreds of rooms each, so that a subscription is five numbers in an array and no object.
 */
export class ClientQueue {
  readonly client: ClientUri;
  readonly inbox: Stream;
  /** Readers that hold on to this object. */
  pins = 0;
  /** Some cursor is not written yet. */
  dirty = false;
  #streams: Stream[] = [];
  #numbers: number[] = [];

  constructor(client: ClientUri, inbox: Stream) {
    this.client = client;
    this.inbox = inbox;
  }

  /** What the client has acknowledged of its inbox, which is the first row. */
  get inboxCursor(): number {
    return this.#streams[0] === this.inbox ? this.#at(0, CURSOR) : 0;
  }

  /** Adds a subscription or replaces the one to the same stream with the same `after`. */
  put(stream: Stream, { after, upTo, cursor, awaitsInbox }: Subscription): void {
    const values = [after, upTo ?? open, cursor, cursor, awaitsInbox];
    const row = this.#find(stream, after);
    if (row >= 0) {
      this.#numbers.splice(row * width, width, ...values);
      return;
    }
    this.#streams = withMore(this.#streams, [stream]);
    this.#numbers = withMore(this.#numbers, values);
    stream.users += 1;
  }

  remove(stream: Stream, after: number): void {
    const row = this.#find(stream, after);
    if (row < 0) return;
    this.#streams.splice(row, 1);
    this.#numbers.splice(row * width, width);
    stream.users -= 1;
  }

  /** Names the last position of a subscription. */
  end(stream: Stream, after: number, upTo: number): void {
    const row = this.#find(stream, after);
    if (row >= 0) this.#numbers[row * width + UP_TO] = upTo;
  }

  /** Lets go of all streams; the object must not be used afterwards. */
  discard(): void {
    for (const stream of this.#streams) stream.users -= 1;
    this.#streams = [];
  }

  /** The streams that this client may read, each once, the inbox first. */
  streams(): readonly StreamUri[] {
    return [...new Set([this.inbox.name, ...this.#streams.map(({ name }) => name)])];
  }

  /** The lowest cursor with which something is left to read, or the highest of all. */
  cursorOf(stream: Stream): number | undefined {
    let cursor: number | undefined;
    for (let row = 0; row < this.#streams.length; row += 1) {
      if (this.#streams[row] !== stream) continue;
      cursor = this.#at(row, CURSOR);
      if (!this.#finished(row)) return cursor;
    }
    return cursor;
  }

  /** The last position of a stream that the client may ever read; undefined while it is in. */
  lastOf(stream: Stream): number | undefined {
    let last = 0;
    for (const [row, candidate] of this.#streams.entries()) {
      if (candidate === stream) last = Math.max(last, this.#end(row));
    }
    return last === Number.POSITIVE_INFINITY ? undefined : last;
  }

  /**
   * Where a reader stands who has everything up to `from`, or up to the cursor if not given. A
   * removed client that was added again reads one stretch after the other.
   */
  standing(stream: Stream, from?: number): Standing {
    let last = from ?? 0;
    for (let row = 0; row < this.#streams.length; row += 1) {
      if (this.#streams[row] !== stream) continue;
      const at = from ?? this.#at(row, CURSOR);
      last = Math.max(last, at);
      const end = this.#end(row);
      if (end <= at) continue;
      const after = Math.max(at, this.#at(row, AFTER));
      const upTo = Math.max(after, Math.min(end, stream.head));
      if (this.#waits(row)) return { state: "waiting", after, upTo: after };
      return { state: after < upTo ? "behind" : "level", after, upTo };
    }
    return { state: "none", after: last, upTo: last };
  }

  /**
   * Raises the cursors of a stream as far as the client may have read. The caller has checked that
   * the position exists.
   */
  acknowledge(stream: Stream, position: number): Acknowledged {
    const before = this.inboxCursor;
    let changed = false;
    for (let row = 0; row < this.#streams.length; row += 1) {
      if (this.#streams[row] !== stream || this.#waits(row)) continue;
      const cursor = Math.min(position, this.#end(row));
      if (cursor <= this.#at(row, CURSOR)) continue;
      this.#numbers[row * width + CURSOR] = cursor;
      changed = true;
    }
    if (stream !== this.inbox || !changed) return { changed, released: [] };
    const released: StreamUri[] = [];
    for (const [row, { name }] of this.#streams.entries()) {
      if (this.#at(row, AWAITS) > before && !this.#waits(row)) released.push(name);
    }
    return { changed, released };
  }

  /** The cursors to write. */
  unwritten(): readonly UnwrittenCursor[] {
    const found: UnwrittenCursor[] = [];
    for (const [row, stream] of this.#streams.entries()) {
      const cursor = this.#at(row, CURSOR);
      const finished = this.#finished(row);
      if (cursor === this.#at(row, WRITTEN) && !finished) continue;
      found.push({ stream, after: this.#at(row, AFTER), cursor, finished });
    }
    return found;
  }

  /** A cursor is on disk now. */
  written({ stream, after, cursor, finished }: UnwrittenCursor): void {
    if (finished) {
      this.remove(stream, after);
      return;
    }
    const row = this.#find(stream, after);
    if (row >= 0) this.#numbers[row * width + WRITTEN] = cursor;
  }

  #at(row: number, field: number): number {
    return this.#numbers[row * width + field] ?? 0;
  }

  #find(stream: Stream, after: number): number {
    return this.#streams.findIndex(
      (candidate, row) => candidate === stream && this.#at(row, AFTER) === after,
    );
  }

  #end(row: number): number {
    const upTo = this.#at(row, UP_TO);
    return upTo === open ? Number.POSITIVE_INFINITY : upTo;
  }

  #finished(row: number): boolean {
    return this.#end(row) <= this.#at(row, CURSOR);
  }

  #waits(row: number): boolean {
    return this.#at(row, AWAITS) > this.inboxCursor;
  }
}
