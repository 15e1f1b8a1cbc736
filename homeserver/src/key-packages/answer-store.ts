import type { Bytes, Domain, UserUri } from "@treehouse/protocol";
import type { ReadTx, Tx } from "../platform/index.ts";

/** The answers to peers' claims, kept so that a repeated transaction burns no second KeyPackage. */
export interface AnswerStore {
  find(tx: ReadTx, transaction: Transaction): Promise<KeptAnswer | undefined>;
  keep(
    tx: Tx,
    transaction: Transaction,
    kept: KeptAnswer & { readonly target: UserUri; readonly at: number },
  ): Promise<void>;
  deleteOf(tx: Tx, target: UserUri): Promise<void>;
  /** Deletes at most `limit` that were kept before; answers how many. */
  deleteKeptBefore(tx: Tx, at: number, limit: number): Promise<number>;
}

export type Transaction = { readonly peer: Domain; readonly id: string };

export type KeptAnswer = {
  /** SHA-256 of the request. */
  readonly requestHash: Bytes;
  readonly answer: Bytes;
};
