import type { Bytes, ClientUri, RoomUri, UserUri } from "@treehouse/protocol";
import type { ReadTx, Session, Tx } from "../platform/index.ts";

/** The part of a session that this module reads: who asks. */
export type Caller = Pick<Session, "user" | "client">;

/** The rooms' logs and the clients' inboxes; `queuing` meets it. */
export interface RoomLog {
  /** Adds one entry. Positions of a room are gapless from 1 and are given by `delivery`. */
  append(tx: Tx, entry: LogEntry): Promise<void>;
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
}

export type LogEntry = {
  readonly room: RoomUri;
  readonly position: number;
  readonly bytes: Bytes;
  readonly handshake: boolean;
  readonly ephemeral: boolean;
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

/** What this module asks about this server's users; `authentication` meets it. */
export interface Accounts {
  isLocal(user: UserUri): boolean;
  /** The signature key of a client in its user's latest signed client list, if it is in there. */
  clientKey(tx: ReadTx, client: ClientUri): Promise<Bytes | undefined>;
}
