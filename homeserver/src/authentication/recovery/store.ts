import type { Bytes } from "@treehouse/protocol";
import type { ReadTx, Tx } from "../../platform/index.ts";

/** A user's recovery bundle as it was sealed under the recovery key. */
export type RecoveryCopy = {
  /** From 1; rises by one with each recovery key. */
  readonly version: number;
  /** Whoever can sign for it knows the recovery key. */
  readonly verificationKey: Bytes;
  readonly sealedCopy: Bytes;
  readonly createdAt: number;
};

/** What this module asks of a database about recovery. `store.contract.ts` says how it behaves. */
export interface RecoveryStore {
  copy(tx: ReadTx, owner: string): Promise<RecoveryCopy | undefined>;
  /**
   * Puts the copy in the place of the one of the version before; its first is version 1. Answers
   * false, and writes nothing, when another version is there.
   */
  put(tx: Tx, owner: string, copy: RecoveryCopy): Promise<boolean>;
  forgetOwner(tx: Tx, owner: string): Promise<void>;
}
