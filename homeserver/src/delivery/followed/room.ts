import type { Bytes, Domain, RoomUri } from "@treehouse/protocol";
import type { FollowedHead } from "./store.ts";

/** A room hosted elsewhere as it stood after one commit of the database. */
export type FollowedRoom = {
  readonly id: number;
  readonly room: RoomUri;
  readonly hub: Domain;
  /** The raw Ed25519 key with which the hub speaks for this room; pinned when it was introduced. */
  readonly hubKey: Bytes;
  readonly generation: number;
  readonly head: FollowedHead;
  /** The newest `SignedHead` of the hub, encoded. */
  readonly signedHead: Bytes | undefined;
};
