import type {
  Bytes,
  ClientUri,
  Domain,
  EventsResponse,
  HubOffer,
  Leaver,
  Introduction,
  RoomUri,
  SignedHead,
  StandingResponse,
  UserUri,
  WelcomeDelivery,
} from "@treehouse/protocol";
import type { ReadTx, Session, Tx } from "../platform/index.ts";

/** The part of a session that this module reads: who asks. */
export type Caller = Pick<Session, "user" | "client">;

/** The rooms' logs and the clients' inboxes; `queuing` meets it. */
export interface RoomLog {
  /** Adds one entry. Positions of a room are gapless from 1 and are given by `delivery`. */
  append(tx: Tx, entry: LogEntry): Promise<void>;
  /** Pushes an entry without position to whoever is connected and up to date; it is not kept. */
  pass(room: RoomUri, bytes: Bytes): void;
  /**
   * Lets a client read a room's entries after the position `after`. With `awaitsInbox` nothing
   * is delivered before the client acknowledged that position of its inbox. A client that reads
   * the room already goes on as it did, unless its Welcome was never acknowledged.
   */
  subscribe(tx: Tx, subscription: RoomSubscription): Promise<void>;
  /** Ends a client's subscription; the entry at `upTo` is the last one that it receives. */
  unsubscribe(
    tx: Tx,
    ending: { readonly client: ClientUri; readonly room: RoomUri; readonly upTo: number },
  ): Promise<void>;
  /** Puts a Welcome into a local client's inbox; answers its position there. */
  deliverWelcome(tx: Tx, welcome: WelcomeForClient): Promise<number>;
  /** Lets the log go on behind a position; nothing between its end and there will ever come. */
  jumpTo(
    tx: Tx,
    room: RoomUri,
    position: number,
    /**
     * The hub was restored: readers get this encoded `SignedHead` of the new term as the proof, and
     * learn that what stands behind `after` was forgotten.
     */
    restored?: { readonly head: Bytes; readonly after?: number },
  ): Promise<void>;
  /** Whether a client of this server is given what comes in a room. */
  reads(tx: ReadTx, client: ClientUri, room: RoomUri): Promise<boolean>;
  /**
   * Entries after a position, ascending, in a page of bounded size; missing ones have expired. With
   * `handshakesOnly` messages are left out.
   */
  readLog(
    tx: ReadTx,
    room: RoomUri,
    range: {
      readonly after: number;
      readonly upTo?: number;
      readonly entriesMax?: number;
      readonly handshakesOnly?: boolean;
    },
  ): Promise<{
    readonly entries: readonly { readonly position: number; readonly bytes: Bytes }[];
    readonly head: number;
    readonly prunedTo: number;
  }>;
}

/** What the rooms hosted here send to the servers of their members; `federation` meets it. */
export interface PeerOutbox {
  /** Durable with the transaction; delivered to the peer once in effect and in order. */
  add(tx: Tx, peer: Domain, item: PeerItem): Promise<void>;
}

/** Ephemeral entries for other servers; `federation` meets it. */
export interface PeerEphemerals {
  /** Sent as soon as it can be, or never: nothing is kept, and nobody learns which. */
  send(peer: Domain, entry: Bytes): void;
}

export type PeerItem = {
  readonly kind: "entry";
  readonly room: RoomUri;
  readonly position: number;
  readonly bytes: Bytes;
  readonly handshake: boolean;
  /** The head at this entry, with every commit, and with the first entry of a term. */
  readonly head?: SignedHead;
  /** Of the epoch that a commit begins. */
  readonly groupInfo?: Bytes;
  /** For clients of this peer. */
  readonly welcomes?: readonly WelcomeDelivery[];
  /** For a peer that had nobody in the room before. */
  readonly introduction?: Introduction;
};

/**
 * The hubs of rooms that are hosted elsewhere; `federation` meets it. Requests and answers are the
 * octets that a client would exchange with the hub. Refuses what the hub refused, with its code,
 * and `peerUnreachable` or `peerDenied` when it could not be asked.
 */
export interface Hubs {
  submit(hub: Domain, caller: Caller, room: RoomUri, request: Uint8Array): Promise<Bytes>;
  update(hub: Domain, caller: Caller, room: RoomUri, request: Uint8Array): Promise<Bytes>;
  groupInfo(hub: Domain, caller: Caller, room: RoomUri, request: Uint8Array): Promise<Bytes>;
  tree(hub: Domain, caller: Caller, room: RoomUri, epoch: number): Promise<Bytes>;
  /** Of the caller's user, unless another `leaver` is meant. */
  leave(hub: Domain, caller: Caller, room: RoomUri, leaver?: Leaver): Promise<readonly number[]>;
  /**
   * What this server missed of a room that it follows, or a hub of a room that it hosts; with
   * `introduce`, and who is in the room after the first commit of that.
   */
  events(
    peer: Domain,
    room: RoomUri,
    range: { readonly after: number; readonly limit: number; readonly introduce?: boolean },
  ): Promise<EventsResponse>;
  /** Asks another server to become the hub of a room. */
  hubOffer(hub: Domain, caller: Caller, room: RoomUri): Promise<HubOffer>;
  /** Gives the server that is to be the next hub an encoded `TakeOverRequest`. */
  takeOver(hub: Domain, room: RoomUri, request: Bytes): Promise<void>;
  /** Where a follower stands. */
  standing(peer: Domain, room: RoomUri): Promise<StandingResponse>;
}

/** Users of other servers; `federation` meets it. */
export interface RemoteUsers {
  /**
   * The user's `SignedClientList` as the user's server gives it, with that server's countersigning
   * keys; undefined when that server knows no such user. It may be some minutes old unless a fresh
   * one is asked for. Refuses `peerUnreachable` and the like.
   */
  find(user: UserUri, options?: { readonly fresh?: boolean }): Promise<FoundRemoteUser | undefined>;
}

export type FoundRemoteUser = {
  readonly clientList: Bytes;
  readonly countersigners: readonly { readonly kid: string; readonly key: Bytes }[];
};

/** To whom KeyPackages of this server's clients were given; `key-packages` meets it. */
export interface HandedOut {
  receivers(tx: ReadTx, ref: Bytes): Promise<readonly { readonly room: RoomUri | undefined }[]>;
}

export type LogEntry = {
  readonly room: RoomUri;
  readonly position: number;
  readonly bytes: Bytes;
  readonly handshake: boolean;
};

export type RoomSubscription = {
  readonly client: ClientUri;
  readonly room: RoomUri;
  readonly after: number;
  readonly awaitsInbox?: number;
};

export type WelcomeForClient = {
  readonly client: ClientUri;
  readonly room: RoomUri;
  readonly generation: number;
  /** The epoch that the Welcome leads into. */
  readonly epoch: number;
  /** The position of the adding commit in the room's log. */
  readonly position: number;
  readonly acceptedAt: number;
  readonly welcome: Bytes;
  /** Encoded `SignedHead` at the adding commit. */
  readonly head: Bytes;
};

/** Large contents for those in a room; `assets` meets it. */
export interface RoomAssets {
  /** Nobody is in the room any more, here or elsewhere: what lies here for it goes. */
  roomEnded(tx: Tx, room: RoomUri): Promise<void>;
}

/** What this module asks about this server's users; `authentication` meets it. */
export interface Accounts {
  isLocal(user: UserUri): boolean;
  /** The signature key of a client in its user's latest signed client list, if it is in there. */
  clientKey(tx: ReadTx, client: ClientUri): Promise<Bytes | undefined>;
  /** When a client of this server was there last; undefined if that is not known. */
  lastSeen(tx: ReadTx, client: ClientUri): Promise<number | undefined>;
  /** The clients in a local user's latest list; undefined when there is no such user here. */
  clientsOf(tx: ReadTx, user: UserUri): Promise<readonly ClientUri[] | undefined>;
  /** The encoded `LeafIdentity` of a client in its user's latest list: the newest that there is. */
  leafIdentity(tx: ReadTx, client: ClientUri): Promise<Bytes | undefined>;
}
