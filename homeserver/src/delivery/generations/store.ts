import type { Bytes, RoomUri } from "@treehouse/protocol";
import type { ReadTx, Tx } from "../../platform/index.ts";

/** What owners have agreed to so far about rooms whose hub is gone. */
export interface ClaimStore {
  claim(tx: ReadTx, room: RoomUri): Promise<StoredClaim | undefined>;
  /** In place of the one before, with what was endorsed of it. */
  putClaim(tx: Tx, claim: StoredClaim): Promise<void>;
  deleteClaim(tx: Tx, room: RoomUri): Promise<void>;
  /** Deletes at most `limit` that ended before `at`; answers how many. */
  deleteExpiredClaims(tx: Tx, at: number, limit: number): Promise<number>;
}

export type StoredClaim = {
  readonly room: RoomUri;
  /** An encoded `GenerationClaim`. */
  readonly claim: Bytes;
  /** Encoded `Endorsement<V>`, ascending by client; each was verified. */
  readonly endorsements: Bytes;
  /** Of the hub that would be this server. */
  readonly hubPrivateKey: Bytes;
  readonly expiresAt: number;
};
