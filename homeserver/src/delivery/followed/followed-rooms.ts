import type { Bytes, Domain, EntryDelivery, SignedHead } from "@treehouse/protocol";
import type { Tx } from "../../platform/index.ts";
import type { PreparedBatch } from "./prepare.ts";
import type { Verdict } from "./receive.ts";

/** How a batch of entries is taken: checks outside, then all of it in one transaction. */
export interface FollowedRooms {
  /** Throws for no item: what is wrong with one shows when it is received. */
  prepare(
    peer: Domain,
    batch: { readonly items: readonly EntryDelivery[]; readonly heads: readonly SignedHead[] },
  ): Promise<PreparedBatch>;
  /** Takes one item; call it in the order of the batch. A rejected one has no effect. */
  receive(tx: Tx, prepared: PreparedBatch, index: number): Promise<Verdict>;
  /** Passes one ephemeral entry on, or drops it; nothing is said of which. */
  pass(peer: Domain, entry: Bytes): Promise<void>;
  /** Ends the batch, in the same transaction. */
  finish(tx: Tx, prepared: PreparedBatch): Promise<void>;
}
