import type { Bytes, ClientUri, ListedClient } from "@treehouse/protocol";

import type { LocalTx } from "../../storage/index.ts";
import type { BackupPorts } from "../backup/index.ts";

type Note = Readonly<Record<string, string>> | null;

/** What handing on history among a user's clients needs; met by the client. */
export type TransferPorts = Pick<BackupPorts, "assets" | "agree" | "life"> & {
  readonly self: { readonly client: ClientUri; readonly signaturePrivateKey: Bytes };
  /** The user's clients by the newest list, this one among them. */
  readonly listed: () => readonly ListedClient[];
  /** What the user's clients have noted for each other. */
  readonly ask: (tx: LocalTx, client: ClientUri) => unknown;
  readonly writeAsk: (tx: LocalTx, client: ClientUri, value: Note, at: number) => void;
  readonly gift: (tx: LocalTx, client: ClientUri) => unknown;
  readonly writeGift: (tx: LocalTx, client: ClientUri, value: Note, at: number) => void;
  /** Runs something after so long; each name has one timer. */
  readonly later: (name: string, delayMs: number, run: () => void) => void;
};
