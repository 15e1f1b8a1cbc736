import type { Bytes } from "@treehouse/protocol";
import type { ReadTx, Tx } from "../../platform/index.ts";

/** What an account's clients keep at the server, as they sealed it. */
export type DataRecord = {
  /** Chosen by the clients; says nothing to whoever has not their key. */
  readonly slot: string;
  /** From 1; rises by one with each write. */
  readonly version: number;
  readonly sealed: Bytes;
  readonly changedAt: number;
};

/** What this module asks of a database about account data. `store.contract.ts` says how it behaves. */
export interface AccountDataStore {
  record(tx: ReadTx, owner: string, slot: string): Promise<DataRecord | undefined>;
  /** All of an owner without their content, by slot. */
  list(tx: ReadTx, owner: string): Promise<readonly Omit<DataRecord, "sealed">[]>;
  /** Puts the record in the place of the one of that slot. */
  put(tx: Tx, owner: string, record: DataRecord): Promise<void>;
  forgetOwner(tx: Tx, owner: string): Promise<void>;
}
