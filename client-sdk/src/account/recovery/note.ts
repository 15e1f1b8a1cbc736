import { z } from "zod";

import type { LocalTx } from "../../storage/index.ts";
import { SETTINGS_RECORD } from "../account-data/index.ts";

const noteSchema = z.object({
  version: z.int().positive(),
  /** Of the key pair that proves the recovery key, base64url. */
  verificationKey: z.string().length(43),
  createdAt: z.int().nonnegative(),
});

/** What a user's clients tell each other of the recovery key, whatever the server says of it. */
export type RecoveryNote = z.infer<typeof noteSchema>;

const entry = "recovery";

export function readRecoveryNote(tx: LocalTx): RecoveryNote | undefined {
  return noteSchema.safeParse(tx.accountData.get(SETTINGS_RECORD).entries[entry]?.value).data;
}

export function writeRecoveryNote(tx: LocalTx, note: RecoveryNote): void {
  tx.accountData.set(SETTINGS_RECORD, entry, { value: note, at: note.createdAt });
}
