import type { Bytes, StreamUri } from "@treehouse/protocol";
import type { ReadTx, Tx } from "../platform/index.ts";

/** What is on disk about streams, their entries and who reads them. Every list is in order. */
export interface QueuingStore extends StreamStore, JumpStore, EntryStore, SubscriptionStore {}

export interface StreamStore {
  /** The name of this life of the streams, or undefined in a new database. */
  incarnation(tx: ReadTx): Promise<Bytes | undefined>;
  setIncarnation(tx: Tx, incarnation: Bytes): Promise<void>;
  findStream(tx: ReadTx, name: StreamUri): Promise<StoredStream | undefined>;
  streamById(tx: ReadTx, id: number): Promise<StoredStream | undefined>;
  /** Adds an empty stream. */
  createStream(tx: Tx, name: StreamUri, kind: StreamKind): Promise<StoredStream>;
  /** Forgets a stream with all its entries and jumps and all subscriptions to it. */
  deleteStream(tx: Tx, id: number): Promise<void>;
  /** Says when retention looks at a stream next, unless a time stands there already. */
  schedule(tx: Tx, id: number, dueAt: number): Promise<void>;
  /** Streams whose time has come, the most overdue first. */
  dueStreams(tx: ReadTx, at: number, limit: number): Promise<readonly number[]>;
  /** Says when retention looks at a stream next, whatever stands there. */
  reschedule(tx: Tx, id: number, dueAt: number | undefined): Promise<void>;
  /** Raises what is gone of a stream; a lower value than the stored one changes nothing. */
  raiseGone(tx: Tx, id: number, gone: Gone): Promise<void>;
}

/** What restores took out of streams. */
export interface JumpStore {
  addJump(tx: Tx, stream: number, jump: Jump): Promise<void>;
  /** The jumps that end at a position from one to another, both inclusive, ascending. */
  jumpsWithin(tx: ReadTx, stream: number, from: number, to: number): Promise<readonly Jump[]>;
  /**
   * Lets every inbox go on `by` positions behind its head, and not before `positionMin`, and notes
   * the jumps.
   */
  jumpInboxes(tx: Tx, by: number, positionMin: number): Promise<void>;
}

export interface EntryStore {
  /** Adds an entry, whose position is the one after the head of its stream; two at one throw. */
  append(tx: Tx, entry: NewEntry): Promise<void>;
  /** Entries after a position and up to another, inclusive. The first comes whatever its length. */
  page(tx: ReadTx, range: PageRange): Promise<readonly StoredEntry[]>;
  /** When the entry at a position was stored, and its length. */
  inspect(tx: ReadTx, stream: number, position: number): Promise<EntryFacts | undefined>;
  /** The entry with the lowest position that is left. */
  first(tx: ReadTx, stream: number): Promise<EntryFacts | undefined>;
  /** Deletes the entries after a position and up to another, inclusive, except handshakes. */
  deleteOrdinary(tx: Tx, stream: number, after: number, upTo: number): Promise<void>;
  /** Deletes everything up to a position, inclusive. */
  deleteUpTo(tx: Tx, stream: number, upTo: number): Promise<void>;
  /** Deletes at most so many entries up to a position that were stored by `storedBy`. */
  deleteStored(
    tx: Tx,
    stream: number,
    bounds: { readonly upTo: number; readonly storedBy: number; readonly limit: number },
  ): Promise<number>;
}

export interface SubscriptionStore {
  /** By stream, then by position. */
  subscriptionsOf(tx: ReadTx, client: number): Promise<readonly Subscription[]>;
  /** By position. */
  subscriptionsTo(tx: ReadTx, client: number, stream: number): Promise<readonly Subscription[]>;
  /** Adds a subscription, or replaces the one with the same client, stream and `after`. */
  putSubscription(tx: Tx, subscription: Subscription): Promise<void>;
  deleteSubscription(tx: Tx, key: SubscriptionKey): Promise<void>;
  deleteSubscriptionsOf(tx: Tx, client: number): Promise<void>;
  /** Raises a cursor; a lower value than the stored one changes nothing. */
  advance(tx: Tx, key: SubscriptionKey, cursor: number): Promise<void>;
  /** The lowest cursor of those who have something left to read, or undefined if nobody has. */
  lowestCursor(tx: ReadTx, stream: number): Promise<number | undefined>;
}

export type StreamKind = "room" | "inbox";

export type StoredStream = {
  readonly id: number;
  readonly name: StreamUri;
  readonly kind: StreamKind;
  /** The position of the newest entry, whether it is still there or not; 0 before the first. */
  readonly head: number;
  readonly prunedTo: number;
  readonly droppedTo: number;
  readonly overflowedTo: number;
  readonly dueAt: number | undefined;
};

export type Gone = Pick<StoredStream, "prunedTo" | "droppedTo" | "overflowedTo">;

export type Jump = {
  readonly from: number;
  /** Inclusive. */
  readonly to: number;
  readonly head: Bytes | undefined;
};

export type NewEntry = {
  readonly stream: number;
  readonly position: number;
  readonly handshake: boolean;
  readonly storedAt: number;
  readonly bytes: Uint8Array;
};

export type StoredEntry = { readonly position: number; readonly bytes: Uint8Array };

export type EntryFacts = {
  readonly position: number;
  readonly storedAt: number;
  readonly length: number;
};

export type PageRange = {
  readonly stream: number;
  readonly after: number;
  readonly upTo: number;
  readonly entriesMax: number;
  readonly bytesMax: number;
  /** Leaves messages out. */
  readonly handshakesOnly?: boolean;
};

export type SubscriptionKey = {
  readonly client: number;
  readonly stream: number;
  readonly after: number;
};

export type Subscription = SubscriptionKey & {
  readonly upTo: number | undefined;
  readonly cursor: number;
  readonly awaitsInbox: number;
};
