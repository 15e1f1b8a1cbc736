import type { Bytes, Domain, RoomUri } from "@treehouse/protocol";
import type { ReadTx, Tx } from "../../platform/index.ts";
import type { PeerRange } from "../store/index.ts";

/** Rooms that go from one hub to another. */
export interface MoveStore {
  hubOffer(tx: ReadTx, room: RoomUri): Promise<StoredHubOffer | undefined>;
  /** In place of what was offered for the room before. */
  putHubOffer(tx: Tx, offer: Omit<StoredHubOffer, "prepared">): Promise<void>;
  extendHubOffer(tx: Tx, room: RoomUri, notAfter: number): Promise<void>;
  /** Keeps the `TakeOverRequest` of the room's hub; the last one counts. */
  prepareTakeOver(tx: Tx, room: RoomUri, prepared: Bytes): Promise<void>;
  /** Rooms of which the hub has said what is to be taken over, in the order of their names. */
  preparedRooms(tx: ReadTx): Promise<readonly RoomUri[]>;
  deleteHubOffer(tx: Tx, room: RoomUri): Promise<void>;
  /** An older life has given them: what became of them since nobody knows here. */
  forgetHubOffers(tx: Tx): Promise<void>;
  /** Deletes at most `limit` that were good before `at` alone; answers how many. */
  deleteExpiredOffers(tx: Tx, at: number, limit: number): Promise<number>;
  /** Removes every row of a room hosted here but those that say which entries others may read. */
  moveAway(tx: Tx, room: MovedRoom): Promise<void>;
  movedRoom(tx: ReadTx, room: RoomUri): Promise<MovedRoom | undefined>;
  /** The room is hosted here again. */
  forgetMoved(tx: Tx, room: RoomUri): Promise<void>;
  /** Who may read what of rooms that moved before `at` is forgotten; answers how many rows went. */
  deleteOldRanges(tx: Tx, at: number): Promise<number>;
  /** All stretches that servers may read, by server and position. */
  allPeerRanges(
    tx: ReadTx,
    roomId: number,
  ): Promise<readonly (PeerRange & { readonly peer: Domain })[]>;
  addPeerRange(tx: Tx, roomId: number, range: PeerRange & { readonly peer: Domain }): Promise<void>;
  /** A room that is followed has this hub now, of which no head is known yet. */
  changeFollowedHub(
    tx: Tx,
    roomId: number,
    named: { readonly hub: Domain; readonly hubKey: Bytes },
  ): Promise<void>;
  deleteFollowed(tx: Tx, roomId: number): Promise<void>;
  /** Whether a room of this name is hosted here. */
  hosts(tx: ReadTx, room: RoomUri): Promise<boolean>;
}

/** This server's word that it takes a room over. */
export type StoredHubOffer = {
  readonly room: RoomUri;
  readonly term: number;
  readonly hubPrivateKey: Bytes;
  readonly hubPublicKey: Bytes;
  readonly notAfter: number;
  readonly prepared: Bytes | undefined;
};

/** A room that was hosted here and has another hub. */
export type MovedRoom = {
  readonly room: RoomUri;
  readonly roomId: number;
  readonly hub: Domain;
  /** Of the entry with which the log of this hub ends. */
  readonly position: number;
  /** Encoded: the last head that this server has signed. */
  readonly signedHead: Bytes;
  readonly movedAt: number;
};
