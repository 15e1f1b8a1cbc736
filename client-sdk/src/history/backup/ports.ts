import type { Assets } from "../../assets/index.ts";
import type { LocalTx } from "../../storage/index.ts";

/** What the backup needs of the layers beside it; met by the client. */
export type BackupPorts = {
  readonly assets: Pick<Assets, "upload" | "open" | "delete" | "list">;
  /** What the user's clients have noted for each other. */
  readonly head: (tx: LocalTx) => unknown;
  readonly writeHead: (tx: LocalTx, value: BackupNote, at: number) => void;
  /** Fetches what other clients noted, and writes what this one did; rejects when the server is away. */
  readonly agree: () => Promise<void>;
  readonly isOn: (tx: LocalTx) => boolean;
  /** Resolves after so long. */
  readonly wait: (ms: number) => Promise<void>;
  /** Runs something once after so many milliseconds; does nothing while it waits to run something. */
  readonly later: (delayMs: number, run: () => void) => void;
  /** A new client has found no backup that it could take in. */
  readonly orElse: () => Promise<void>;
  /** Aborted when the client is closed. */
  readonly life: AbortSignal;
};

/** As it stands in the account data; of two, the one with the greater version counts. */
export type BackupNote = { readonly version: number } & Readonly<Record<string, string | number>>;
