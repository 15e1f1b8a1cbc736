import type { Privacy } from "@treehouse/protocol";
import type { ReadTx, Tx } from "../../platform/index.ts";

/** What this module asks of a database about privacy. `store.contract.ts` says how it behaves. */
export interface PrivacyStore {
  /** The defaults for who has chosen nothing, whether there is such a user or not. */
  of(tx: ReadTx, owner: string): Promise<Privacy>;
  put(tx: Tx, owner: string, privacy: Privacy): Promise<void>;
  forgetOwner(tx: Tx, owner: string): Promise<void>;
}
