import type { Bytes } from "@treehouse/protocol";
import type { ReadTx, Tx } from "../../platform/index.ts";
import type { NewAccount } from "../store/index.ts";

/** What this module asks of a database about resets. `store.contract.ts` says how it behaves. */
export interface ResetStore {
  reset(tx: ReadTx, name: string): Promise<StoredReset | undefined>;
  resetOfToken(tx: ReadTx, tokenHash: Bytes): Promise<StoredReset | undefined>;
  /** Takes the place of what the account had. */
  putReset(tx: Tx, reset: StoredReset): Promise<void>;
  /** Answers false when there was none. */
  deleteReset(tx: Tx, name: string): Promise<boolean>;
  /** Deletes at most `limit` of which nothing holds any more at `at`; answers how many. */
  deleteSpentResets(tx: Tx, at: number, limit: number): Promise<number>;
  /**
   * Puts another identity with one client in the place of the account's former one: its key, record
   * and bundle, its lists and its clients. The credential's version rises by one. Answers false, and
   * writes nothing, when there is no such account.
   */
  startIdentity(tx: Tx, identity: StartedIdentity): Promise<boolean>;
}

export type StoredReset = {
  readonly name: string;
  /** Of the token that was mailed last; absent once it was used. */
  readonly token: { readonly hash: Bytes; readonly expiresAt: number } | undefined;
  /** Since a token was shown while a client was active. */
  readonly wait: { readonly until: number; readonly readyUntil: number } | undefined;
};

export type StartedIdentity = Omit<NewAccount, "admin" | "passwordRecord"> & {
  readonly passwordRecord: Bytes;
};
