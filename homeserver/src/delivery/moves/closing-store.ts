import type { Bytes, RoomUri } from "@treehouse/protocol";
import type { ReadTx, Tx } from "../../platform/index.ts";

/** The last words of hubs, which show to those who have missed them whom they have named. */
export interface ClosingStore {
  keepClosing(tx: Tx, closing: Closing): Promise<void>;
  /** Encoded `SignedHead`s by the term that they close. */
  closings(tx: ReadTx, room: RoomUri): Promise<ReadonlyMap<number, Bytes>>;
  /** Deletes those from `at` and before; answers how many. */
  deleteOldClosings(tx: Tx, at: number): Promise<number>;
}

export type Closing = {
  readonly room: RoomUri;
  readonly term: number;
  /** Encoded `SignedHead` at the last entry of the term. */
  readonly signedHead: Bytes;
  readonly closedAt: number;
};
