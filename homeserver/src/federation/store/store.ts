import type { Bytes, Domain, RejectedItem, RoomUri } from "@treehouse/protocol";
import type { ReadTx, Tx } from "../../platform/index.ts";

/** What this module asks of a database. `store.contract.ts` says how an adapter must behave. */
export interface FederationStore extends OutboxStore, DeadStore, InboundStore {}

export interface OutboxStore {
  /** Every server to which something was ever sent, in the order of their numbers. */
  peers(tx: ReadTx): Promise<readonly StoredPeer[]>;
  peer(tx: ReadTx, domain: Domain): Promise<StoredPeer | undefined>;
  /** Adds a server whose stream begins at 1. */
  createPeer(tx: Tx, domain: Domain, incarnation: Bytes): Promise<StoredPeer>;
  /** Deletes a server with everything that waits for it. */
  deletePeer(tx: Tx, peer: number): Promise<void>;
  /** The number of a room, which it keeps. */
  roomNumber(tx: Tx, room: RoomUri): Promise<number>;
  /** Adds an item; the caller gives it the number after the newest. */
  add(tx: Tx, row: NewRow): Promise<void>;
  /**
   * Items after a sequence, in order; as many as have no more attached than so many octets, and one
   * in any case.
   */
  page(tx: ReadTx, range: PageRange): Promise<readonly StoredRow[]>;
  /**
   * Items without what is attached to them, after a sequence and up to another, in order. As in a
   * page, numbers may be missing: their items were given up.
   */
  pointers(tx: ReadTx, range: PointerRange): Promise<readonly Pointer[]>;
  /** Notes that all items up to a sequence are done with; a lower one than before changes nothing. */
  keep(tx: Tx, peer: number, kept: number): Promise<void>;
  /** Deletes some rows; the newest must not be among them, for it holds the number given last. */
  deleteThese(tx: Tx, peer: number, sequences: readonly number[]): Promise<void>;
  /** Puts nothing in place of an item. */
  blank(tx: Tx, peer: number, sequence: number): Promise<void>;
  /** Deletes the rows up to a sequence. */
  deleteUpTo(tx: Tx, peer: number, upTo: number): Promise<void>;
  /** Writes how the sequences that the peer sees follow from the stored ones. */
  renumber(tx: Tx, peer: number, to: { incarnation: Bytes; base: number }): Promise<void>;
  /** Gives every stream another incarnation; each is numbered from 1 again, from its oldest item. */
  renumberAll(tx: Tx, incarnation: () => Bytes): Promise<void>;
}

export interface DeadStore {
  /**
   * Keeps an item that will never be delivered; of each peer so many of the newest. Answers whether
   * it was not dead already.
   */
  bury(tx: Tx, item: DeadItem, keptMax: number): Promise<boolean>;
  /** Those with the highest sequences, the highest first. */
  deadItems(tx: ReadTx, peer: number, limit: number): Promise<readonly DeadItem[]>;
  /** Deletes at most so many that died by a time; answers how many. */
  deleteDead(tx: Tx, diedBy: number, limit: number): Promise<number>;
}

export interface InboundStore {
  inbound(tx: ReadTx, origin: Domain, incarnation: Bytes): Promise<StoredInbound | undefined>;
  /** Adds a stream at its beginning, and forgets all of the same origin but so many of the newest. */
  createInbound(
    tx: Tx,
    stream: { readonly origin: Domain; readonly incarnation: Bytes },
    keptMax: number,
  ): Promise<StoredInbound>;
  /** Moves a stream on, and forgets rejections before `rejectedFrom`. */
  moveInbound(
    tx: Tx,
    id: number,
    to: { readonly next: number; readonly rejectedFrom: number },
  ): Promise<void>;
  addRejected(tx: Tx, id: number, items: readonly RejectedItem[]): Promise<void>;
  /** By sequence. */
  rejected(tx: ReadTx, id: number): Promise<readonly RejectedItem[]>;
}

/**
 * What an item of the outbox is made of. `entry`: the entry it points to. `delivery`: the same, and
 * attached to it what follows an entry in an `EntryDelivery`. `gone`: nothing. The others are
 * attached whole, a tombstone as an `EntryDelivery`.
 */
export type ItemForm =
  | "entry"
  | "delivery"
  | "tombstone"
  | "consent"
  | "userDeleted"
  | "gone"
  | "clientRevoked"
  | "userReset";

export type StoredPeer = {
  readonly id: number;
  readonly domain: Domain;
  readonly incarnation: Bytes;
  readonly base: number;
  readonly kept: number;
  /** The number given last. */
  readonly newest: number;
  /** The lowest number of which a row is left; the one after `newest` if none is. */
  readonly oldest: number;
  /** When the first item that is not done with was added, in ms; undefined if none waits. */
  readonly oldestAt: number | undefined;
};

/** Where an item points to; position 0 and no room for what belongs to none. */
export type Pointer = {
  readonly sequence: number;
  readonly form: ItemForm;
  readonly room: RoomUri | undefined;
  readonly position: number;
  /** In ms, a whole second. */
  readonly addedAt: number;
};

export type StoredRow = Pointer & {
  /** What is attached, unless the form is `entry`. */
  readonly body: Bytes | undefined;
};

export type NewRow = {
  readonly peer: number;
  readonly sequence: number;
  readonly form: ItemForm;
  /** Of `roomNumber`; 0 for none. */
  readonly room: number;
  readonly position: number;
  readonly addedAt: number;
  readonly body?: Uint8Array | undefined;
};

export type PageRange = {
  readonly peer: number;
  readonly after: number;
  readonly limit: number;
  readonly bytesMax: number;
};

export type PointerRange = {
  readonly peer: number;
  readonly after: number;
  /** Inclusive. */
  readonly upTo: number;
  readonly limit: number;
};

export type DeadItem = {
  readonly peer: number;
  readonly sequence: number;
  readonly form: ItemForm;
  readonly room: RoomUri | undefined;
  readonly position: number;
  /** The refusal code with which the peer rejected it, or why it was never sent. */
  readonly code: string;
  readonly at: number;
  readonly body: Bytes | undefined;
};

export type StoredInbound = {
  readonly id: number;
  readonly next: number;
  /** No other stream of its origin was added after it. */
  readonly newest: boolean;
};
