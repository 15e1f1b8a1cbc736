import type { Bytes, ClientUri, Domain, RoomUri, UserUri } from "@treehouse/protocol";
import type { Acquaintance, ReadTx, Tx } from "../../platform/index.ts";
import type { FollowedStore } from "../followed/index.ts";
import type { ClaimStore } from "../generations/store.ts";
import type { HealthStore, StoredHealth } from "../health/index.ts";
import type { ClosingStore } from "../moves/closing-store.ts";
import type { MoveStore } from "../moves/store.ts";
import type { LinkUseStore } from "../joining/index.ts";

/** What this module asks of a database. `store.contract.ts` says how an adapter must behave. */
export interface DeliveryStore
  extends
    ReservationStore,
    RoomStore,
    HeadStore,
    GroupStore,
    TreeStore,
    RequestStore,
    PeerStore,
    DepartureStore,
    RevocationStore,
    PlaceStore,
    RestoredStore,
    HealthStore,
    LinkUseStore,
    FollowedStore,
    ClaimStore,
    MoveStore,
    ClosingStore {}

export interface ReservationStore {
  insertReservation(tx: Tx, reservation: Reservation): Promise<void>;
  reservation(tx: ReadTx, room: RoomUri): Promise<Reservation | undefined>;
  /** Reservations that a user holds and that are still good at `at`. */
  countReservations(tx: ReadTx, user: UserUri, at: number): Promise<number>;
  deleteReservation(tx: Tx, room: RoomUri): Promise<void>;
  /** Deletes at most `limit`; answers how many. */
  deleteExpiredReservations(tx: Tx, at: number, limit: number): Promise<number>;
}

export interface RoomStore {
  /** Writes room, head, first epoch, tree and roster. Answers the number of the room. */
  insertRoom(tx: Tx, room: NewRoom): Promise<number>;
  /** Everything that is kept in memory of a room. */
  room(tx: ReadTx, room: RoomUri): Promise<StoredRoom | undefined>;
  /** Removes every row of the room but its idempotency rows. */
  deleteRoom(tx: Tx, roomId: number): Promise<void>;
  /** Rooms in which a user has a leaf, in the order of their names, with their heads. */
  roomsOf(tx: ReadTx, user: UserUri): Promise<readonly RoomOfUser[]>;
  countRoomsOf(tx: ReadTx, user: UserUri): Promise<number>;
  /** Whether the user is in a room, hosted here or followed, with them. */
  shares(tx: ReadTx, user: UserUri, who: Acquaintance): Promise<boolean>;
  /** Whether they, or a user of theirs, are in this room, hosted here or followed. */
  isIn(tx: ReadTx, room: RoomUri, who: Acquaintance): Promise<boolean>;
  /** The others with a leaf in a room that the user has one in, hosted here or followed, by URI. */
  companionsOf(tx: ReadTx, user: UserUri): Promise<readonly UserUri[]>;
}

export interface HeadStore {
  head(tx: ReadTx, roomId: number): Promise<StoredHead | undefined>;
  /** Moves the head by entries that leave epoch and revision as they are. */
  moveHead(tx: Tx, roomId: number, to: LogPoint): Promise<void>;
}

export interface GroupStore {
  /**
   * Writes what a commit changed: the next epoch, its tree nodes and roster, the pending
   * proposals that it leaves, fulfilled removals, the head, and the signed head.
   */
  startEpoch(tx: Tx, roomId: number, change: EpochChange): Promise<void>;
  /** Adds accepted proposals to the current epoch and moves the head. */
  addProposals(tx: Tx, roomId: number, change: ProposalChange): Promise<void>;
  /** Accepted proposals of the current epoch, in the order of their acceptance. */
  proposals(tx: ReadTx, roomId: number): Promise<readonly StoredProposal[]>;
  /** Notes leaves that shall be removed; a leaf that is noted already keeps its row. */
  addRemovals(
    tx: Tx,
    roomId: number,
    leaves: { readonly removals: Iterable<number>; readonly held: ReadonlySet<number> },
    at: number,
  ): Promise<void>;
  /** Rooms whose state says for how long they wait for clients, by name and behind one. */
  roomsThatWait(tx: ReadTx, after: RoomUri | undefined, limit: number): Promise<readonly RoomUri[]>;
  /** Rooms with leaves that are to be removed, and nothing proposed in the present epoch. */
  roomsToPropose(tx: ReadTx, limit: number): Promise<readonly RoomUri[]>;
}

export interface TreeStore {
  /** The tree of an epoch as it was, if it is still kept. */
  tree(tx: ReadTx, roomId: number, epoch: number): Promise<StoredTree | undefined>;
  /** Until when the tree of an epoch is kept for a client that its Welcome named. */
  treeKeptFor(
    tx: ReadTx,
    tree: { readonly roomId: number; readonly epoch: number; readonly client: ClientUri },
  ): Promise<number | undefined>;
  /** The client fetched the tree: it is kept for this client until `until` at most. */
  shortenKept(
    tx: Tx,
    tree: { readonly roomId: number; readonly epoch: number; readonly client: ClientUri },
    until: number,
  ): Promise<void>;
  /** Deletes at most `limit` claims to trees that ended; answers the rooms concerned, ascending. */
  deleteExpiredWelcomes(tx: Tx, at: number, limit: number): Promise<readonly number[]>;
  /**
   * Keeps the current epoch, so many before it, and those that a Welcome needs; deletes the others
   * and the versions of tree nodes that belong to no epoch left.
   */
  collectTrees(tx: Tx, roomId: number, epochsKept: number): Promise<void>;
}

/** Other servers with members in the rooms hosted here. */
export interface PeerStore {
  /** The server has members from the entry at `since` on. */
  addPeer(tx: Tx, roomId: number, peer: Domain, since: number): Promise<void>;
  /** The entry at `until` is the last one of the server's present stretch. */
  endPeer(tx: Tx, roomId: number, peer: Domain, until: number): Promise<void>;
  /** Has the server introduced anew to the room, or to all rooms with its members. */
  introduceAgain(tx: Tx, peer: Domain, room: RoomUri | undefined): Promise<void>;
  /** The servers that are to be introduced anew, which this call settles. */
  takeIntroductions(tx: Tx, roomId: number): Promise<readonly Domain[]>;
  /** The stretches that a server may read, ascending. */
  peerRanges(tx: ReadTx, roomId: number, peer: Domain): Promise<readonly PeerRange[]>;
}

/** Both ends inclusive; open while the server has members. */
export type PeerRange = { readonly since: number; readonly until: number | undefined };

/** Rooms hosted here whose newest entries a restore from a backup may have lost. */
export interface RestoredStore {
  /** Marks every room that is hosted here. */
  markRestored(tx: Tx, bounds: TermBounds): Promise<void>;
  termBounds(tx: ReadTx, roomId: number): Promise<TermBounds | undefined>;
  restoredRooms(tx: ReadTx): Promise<readonly RoomUri[]>;
  /** The room goes on in a new term, behind the jump, and is as good as any other. */
  startTerm(tx: Tx, roomId: number, term: NewTerm): Promise<void>;
}

/** Below these an earlier life of the server may have been. */
export type TermBounds = { readonly termMin: number; readonly positionMin: number };

export type NewTerm = {
  readonly term: number;
  /** The position of its first entry, which is the head now. */
  readonly termSince: number;
  readonly head: StoredHead;
  readonly signedHead: Bytes;
};

/** Users who are deleted and still have clients in rooms hosted here. */
export interface DepartureStore {
  addDeparture(tx: Tx, user: UserUri, deletedAt: number): Promise<void>;
  /** At most `limit`, the oldest first. */
  departures(tx: ReadTx, limit: number): Promise<readonly UserUri[]>;
  deleteDeparture(tx: Tx, user: UserUri): Promise<void>;
}

/** Clients that are revoked and may still have leaves in rooms hosted here. */
export interface RevocationStore {
  /** Once per client: the first time counts. */
  addRevocation(tx: Tx, revocation: Revocation): Promise<void>;
  /** At most `limit` behind that one, in the order of time and client. */
  revocations(
    tx: ReadTx,
    after: Revocation | undefined,
    limit: number,
  ): Promise<readonly Revocation[]>;
  deleteRevocation(tx: Tx, client: ClientUri): Promise<void>;
}

/** Rooms elsewhere that a revoked client was in, for the other clients of its user. */
export interface PlaceStore {
  /** Of two times the later one counts. */
  keepPlace(tx: Tx, place: KeptPlace): Promise<void>;
  isPlaceKept(tx: ReadTx, place: Pick<KeptPlace, "user" | "room">, at: number): Promise<boolean>;
  forgetPlaces(tx: Tx, user: UserUri): Promise<void>;
  /** Deletes at most `limit`; answers how many. */
  deleteExpiredPlaces(tx: Tx, at: number, limit: number): Promise<number>;
}

export type KeptPlace = {
  readonly user: UserUri;
  readonly room: RoomUri;
  readonly keptUntil: number;
};

export type Revocation = { readonly client: ClientUri; readonly revokedAt: number };

export interface RequestStore {
  /** The answer to a request that was accepted before. */
  answer(tx: ReadTx, key: Bytes): Promise<Bytes | undefined>;
  /** Keeps an answer. False, and nothing is written, when the key has one already. */
  keepAnswer(tx: Tx, key: Bytes, answer: Bytes, expiresAt: number): Promise<boolean>;
  /** Deletes at most `limit` of the oldest rows that ended; answers how many. */
  deleteExpiredAnswers(tx: Tx, at: number, limit: number): Promise<number>;
}

export type Reservation = {
  readonly room: RoomUri;
  readonly user: UserUri;
  readonly template: string;
  readonly hubPrivateKey: Bytes;
  readonly hubPublicKey: Bytes;
  readonly expiresAt: number;
};

/** A place in the log: the position of the last entry and its hash. */
export type LogPoint = { readonly position: number; readonly hash: Bytes };

export type StoredHead = LogPoint & { readonly epoch: number; readonly revision: number };

export type EpochStart = Pick<StoredEpoch, "epoch" | "startedAt" | "entered">;

/** An epoch without its tree. */
export type StoredEpoch = {
  readonly epoch: number;
  readonly startedAt: number;
  /** Whether clients came in with it. */
  readonly entered: boolean;
  readonly treeSize: number;
  readonly treeHash: Bytes;
  readonly groupContext: Bytes;
  readonly confirmationTag: Bytes;
  readonly groupInfo: Bytes;
};

export type StoredMember = {
  readonly leaf: number;
  readonly client: ClientUri;
  readonly user: UserUri;
};

export type StoredTree = {
  readonly treeHash: Bytes;
  readonly size: number;
  readonly nodes: ReadonlyMap<number, Bytes>;
};

export type StoredProposal = {
  readonly ref: Bytes;
  readonly message: Bytes;
  readonly acceptedAt: number;
};

type RoomRow = {
  readonly room: RoomUri;
  readonly generation: number;
  readonly term: number;
  readonly termSince: number;
  readonly hubPrivateKey: Bytes;
  readonly hubPublicKey: Bytes;
  readonly foundedAt: number;
  readonly signedHead: Bytes;
};

export type NewRoom = RoomRow & {
  readonly head: StoredHead;
  readonly epoch: StoredEpoch;
  readonly nodes: ReadonlyMap<number, Bytes>;
  readonly members: readonly StoredMember[];
};

export type StoredRoom = RoomRow & {
  readonly id: number;
  readonly head: StoredHead;
  readonly current: StoredEpoch;
  readonly nodes: ReadonlyMap<number, Bytes>;
  /** Ascending; how epochs began, as far back as they are kept. */
  readonly starts: readonly EpochStart[];
  /** In the order of their acceptance. */
  readonly proposals: readonly StoredProposal[];
  /** Ascending. */
  readonly removals: readonly number[];
  /** Those of them that are not proposed yet. */
  readonly held: readonly number[];
} & StoredHealth;

export type RoomOfUser = {
  readonly room: RoomUri;
  readonly epoch: number;
  readonly position: number;
};

export type EpochChange = {
  readonly head: StoredHead;
  readonly signedHead: Bytes;
  readonly epoch: StoredEpoch;
  /** Nodes that differ from the epoch before; `undefined` is a node that is blank now. */
  readonly nodes: readonly { readonly index: number; readonly node: Bytes | undefined }[];
  readonly removed: readonly number[];
  readonly added: readonly StoredMember[];
  /** Clients that the Welcome named, and until when their trees are kept. */
  readonly welcomed: readonly { readonly client: ClientUri; readonly keptUntil: number }[];
  readonly proposals: readonly StoredProposal[];
};

export type ProposalChange = {
  readonly head: StoredHead;
  readonly proposals: readonly StoredProposal[];
};
