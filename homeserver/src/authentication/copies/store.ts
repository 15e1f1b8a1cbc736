import type { Bytes, ClientUri } from "@treehouse/protocol";
import type { ReadTx, Tx } from "../../platform/index.ts";

export type StoreMark = {
  readonly client: ClientUri;
  /** Of the account. */
  readonly name: string;
  readonly mark: Bytes;
  /** The newest last. */
  readonly replaced: readonly Bytes[];
  /** Those of earlier openings of the same store, and of copies that were refused, the newest last. */
  readonly former: readonly Bytes[];
  readonly copiedAt: number | undefined;
};

/** What this module asks of a database about copied stores. `store.contract.ts` says how it behaves. */
export interface StoreMarks {
  of(tx: ReadTx, client: ClientUri): Promise<StoreMark | undefined>;
  put(tx: Tx, mark: StoreMark): Promise<void>;
  forgetClient(tx: Tx, client: ClientUri): Promise<void>;
  forgetOwner(tx: Tx, name: string): Promise<void>;
}
