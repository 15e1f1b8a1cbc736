import type { Bytes } from "@treehouse/protocol";
import type { ReadTx, Tx } from "../platform/index.ts";

/** What a database knows of its own lives. */
export type Lives = {
  /** Rises with each start, and while the server runs. */
  readonly count: number;
  readonly incarnation: Bytes;
  /** Set in a copy that was made for a backup, until a server has started over it. */
  readonly copiedAt: number | undefined;
};

export interface LivesStore {
  /** Undefined in a database that no server has started over. */
  lives(tx: ReadTx): Promise<Lives | undefined>;
  putLives(tx: Tx, lives: Lives): Promise<void>;
}
