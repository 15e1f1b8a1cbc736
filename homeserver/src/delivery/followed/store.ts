import type {
  Bytes,
  ClientUri,
  Domain,
  LeafChange,
  Roster,
  RoomUri,
  UserUri,
} from "@treehouse/protocol";
import type { ReadTx, Tx } from "../../platform/index.ts";

/** Rooms hosted elsewhere, as this server knows them from the entries it was sent. */
export interface FollowedStore {
  followedRoom(tx: ReadTx, room: RoomUri): Promise<StoredFollowedRoom | undefined>;
  followedHead(tx: ReadTx, roomId: number): Promise<FollowedHead | undefined>;
  followedRoster(tx: ReadTx, roomId: number): Promise<Roster>;
  /** Adds a room without members; answers its number. */
  insertFollowed(tx: Tx, room: NewFollowedRoom): Promise<number>;
  moveFollowed(tx: Tx, roomId: number, head: FollowedHead): Promise<void>;
  keepFollowedHead(tx: Tx, roomId: number, signedHead: Bytes): Promise<void>;
  keepFollowedGroupInfo(tx: Tx, roomId: number, groupInfo: Bytes): Promise<void>;
  /** The committer's GroupInfo of the newest epoch that the hub has sent one of. */
  followedGroupInfo(tx: ReadTx, roomId: number): Promise<Bytes | undefined>;
  replaceFollowedRoster(tx: Tx, roomId: number, roster: Roster): Promise<void>;
  /** Deletes who is in the room, and the GroupInfo, which tells the same. */
  forgetFollowedMembers(tx: Tx, roomId: number): Promise<void>;
  /** Removes and adds leaves, in the order given. */
  changeFollowedRoster(tx: Tx, roomId: number, changes: readonly LeafChange[]): Promise<void>;
  /** The room goes on with another group. */
  changeGeneration(tx: Tx, roomId: number, generation: number): Promise<void>;
  /** Rooms in which something is known to be missing, in the order of their names. */
  followedBehind(tx: ReadTx): Promise<readonly { readonly room: RoomUri; readonly hub: Domain }[]>;
  /** Rooms in which a user of this server has a leaf, in the order of their names. */
  followedOf(
    tx: ReadTx,
    user: UserUri,
  ): Promise<
    readonly {
      readonly room: RoomUri;
      readonly hub: Domain;
      readonly epoch: number;
      readonly position: number;
    }[]
  >;
  /** A page of the followed rooms with members of this server or others, in the order of their names. */
  followedAfter(
    tx: ReadTx,
    after: RoomUri | undefined,
    limit: number,
  ): Promise<readonly { readonly room: RoomUri; readonly hub: Domain }[]>;
  /** The hubs of all followed rooms, each once, in the order of their names. */
  followedHubs(tx: ReadTx): Promise<readonly Domain[]>;
  /** Marks every followed room as possibly behind: what the hubs have is asked for again. */
  suspectFollowed(tx: Tx): Promise<void>;
  /** Rooms of a hub of which nothing more is taken, in the order of their names. */
  frozenFollowed(
    tx: ReadTx,
    hub: Domain,
  ): Promise<readonly { readonly room: RoomUri; readonly position: number }[]>;
  /** All such rooms, in the order of their names. */
  stoppedFollowed(tx: ReadTx): Promise<readonly RoomUri[]>;
  /** A room that was frozen goes on, and may begin with an entry that follows nothing here. */
  thawFollowed(tx: Tx, roomId: number): Promise<void>;
  noteForwarded(tx: Tx, commit: ForwardedCommit): Promise<void>;
  /** Whether this server sent this commit of this client to the room's hub. */
  wasForwarded(tx: ReadTx, commit: Omit<ForwardedCommit, "expiresAt">): Promise<boolean>;
  /** Deletes at most `limit` that ended; answers how many. */
  deleteExpiredForwarded(tx: Tx, at: number, limit: number): Promise<number>;
}

export type FollowedHead = {
  readonly term: number;
  readonly epoch: number;
  readonly position: number;
  /** Of the last entry, with which the next one must agree; empty if it is not known. */
  readonly hash: Bytes;
  readonly seen: number;
  readonly frozen: boolean;
};

export type NewFollowedRoom = {
  readonly room: RoomUri;
  readonly hub: Domain;
  readonly hubKey: Bytes;
  readonly generation: number;
  readonly head: FollowedHead;
};

export type StoredFollowedRoom = NewFollowedRoom & {
  readonly id: number;
  readonly signedHead: Bytes | undefined;
};

export type ForwardedCommit = {
  /** SHA-256 of the commit's octets. */
  readonly hash: Bytes;
  readonly room: RoomUri;
  readonly client: ClientUri;
  readonly expiresAt: number;
};
