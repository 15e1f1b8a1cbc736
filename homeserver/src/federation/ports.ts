import type {
  Bytes,
  ClientRevoked,
  ClientUri,
  ConsentEntry,
  Countersigner,
  Domain,
  EndpointName,
  EntryDelivery,
  EventsResponse,
  HubOffer,
  Leaver,
  RefusalCode,
  RoomUri,
  SignedHead,
  StandingResponse,
  UserDeleted,
  UserReset,
  UserUri,
} from "@treehouse/protocol";
import type { ReadTx, Tx } from "../platform/index.ts";

/** The way to other servers; `peers` meets it. */
export interface Peers {
  /**
   * Sends a request and resolves with the body of the answer. Throws the refusal that the peer
   * answered, or with which its or our policy stops the request, or a `NetworkFault` when there is
   * no answer that could be believed.
   */
  post(peer: Domain, call: PeerCall): Promise<Bytes>;
  /** Throws `peerDenied` or `peerKeyChanged` if nothing can be asked of the peer now. */
  admit(peer: Domain): void;
  /** Calls `run` after each request of another server that was found to be its own. */
  onContact(run: (peer: Domain) => void): void;
  /** Calls `run` after each change of the operator's rules. */
  onPolicyChange(run: () => void): void;
}

export type PeerCall = {
  readonly endpoint: EndpointName;
  /** By the names of `ENDPOINTS`. */
  readonly variables?: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** The same for each repetition of one request. */
  readonly transactionId?: string;
  readonly timeoutMs: number;
  readonly answerBytesMax: number;
};

/** Who asks a hub: a client, for which its own server vouches. */
export type Caller = { readonly user: UserUri; readonly client: ClientUri };

export type EventsRange = {
  readonly after: number;
  readonly limit: number;
  readonly introduce?: boolean;
};

/**
 * The rooms hosted here, and to their hubs also those that are followed (`events`, `standing`);
 * `delivery` meets it. What is not accepted is a `Refusal`.
 */
export interface HostedRooms {
  submit(caller: Caller, room: RoomUri, request: Uint8Array): Promise<Bytes>;
  update(caller: Caller, room: RoomUri, request: Uint8Array): Promise<Bytes>;
  groupInfo(caller: Caller, room: RoomUri, request: Uint8Array): Promise<Bytes>;
  tree(caller: Caller, room: RoomUri, epoch: number): Promise<Bytes>;
  leave(caller: Caller, room: RoomUri, leaver: Leaver): Promise<readonly number[]>;
  events(peer: Domain, room: RoomUri, range: EventsRange): Promise<EventsResponse>;
  standing(peer: Domain, room: RoomUri): Promise<StandingResponse>;
  offerHub(caller: Caller, room: RoomUri): Promise<HubOffer>;
  /** Takes an encoded `TakeOverRequest` of the room's hub. */
  takeOver(peer: Domain, room: RoomUri, request: Bytes): Promise<void>;
  /** The hub of a room as far as it is known here; undefined: this server. */
  hub(room: RoomUri): Promise<Domain | undefined>;
  /** Refuses `unknownRoom`, and `notMember` unless users of the peer are in the room. */
  checkFollowedBy(peer: Domain, room: RoomUri): Promise<void>;
  /**
   * The room's head as it is now, signed now; undefined if no such room is hosted here, or nobody of
   * the peer is in it any more.
   */
  signedHead(room: RoomUri, peer: Domain): Promise<SignedHead | undefined>;
  /**
   * A peer has lost what it knew of a room, or of all rooms: the next entry that it gets of each
   * comes with an introduction.
   */
  introduceAgain(tx: Tx, peer: Domain, room?: RoomUri): Promise<void>;
}

export type Verdict = { readonly rejected?: RefusalCode };

/** The rooms hosted elsewhere; `delivery` meets it. `P` is what it made of a batch. */
export interface FollowedRooms<P> {
  /** Checks what needs no transaction. Throws for no item: what is wrong shows in its verdict. */
  prepare(
    peer: Domain,
    batch: { readonly items: readonly EntryDelivery[]; readonly heads: readonly SignedHead[] },
  ): Promise<P>;
  /** Takes one item, in the order of the batch. A rejected one has no effect. */
  receive(tx: Tx, prepared: P, index: number): Promise<Verdict>;
  /** Passes one ephemeral entry on to whoever is connected, or drops it. */
  pass(peer: Domain, entry: Bytes): Promise<void>;
  /** Ends the batch, in the same transaction. */
  finish(tx: Tx, prepared: P): Promise<void>;
}

/** What other servers say about their users; `authentication` meets it. */
export interface InboundConsent {
  consent(tx: Tx, peer: Domain, entry: ConsentEntry): Promise<Verdict>;
  userDeleted(tx: Tx, peer: Domain, item: UserDeleted): Promise<Verdict>;
  clientRevoked(tx: Tx, peer: Domain, item: ClientRevoked): Promise<Verdict>;
  userReset(tx: Tx, peer: Domain, item: UserReset): Promise<Verdict>;
}

/** The users of this server; `authentication` and `key-packages` meet it. */
export interface LocalUsers {
  /** As the peer may find them. */
  findFor(peer: Domain, user: UserUri): Promise<{ readonly clientList: Bytes } | undefined>;
  /** The user's client lists behind a version, as many as an answer holds. */
  listsFor(peer: Domain, user: UserUri, after: number): Promise<readonly Bytes[]>;
  countersigners(): readonly Countersigner[];
  /** `KeyMaterialRequest` → `KeyMaterialResponse`; the same transaction, the same answer. */
  claim(peer: Domain, request: Bytes, transactionId: string): Promise<Bytes>;
}

/** The entries that the outbox points to; `queuing` meets it. */
export interface EntrySource {
  /** Undefined once the entry has expired. */
  entry(tx: ReadTx, room: RoomUri, position: number): Promise<Bytes | undefined>;
}
