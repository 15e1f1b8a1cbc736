import type { Env, UserUri } from "@treehouse/protocol";

import { messageOf } from "../messages/index.ts";
import type { LocalStore, MessageFileRow } from "../storage/index.ts";
import { withChanges } from "../groups/index.ts";
import { createSerial } from "../transport/index.ts";
import type { FileStore } from "./ports.ts";

const pageSize = 20;

/**
 * Fetches what the user's rule says, of what comes while this client runs, into the store's sealed
 * contents (FED-877, R-084). What cannot be fetched now is fetched when somebody asks for it.
 */
export function createAutoDownload(parts: {
  readonly env: Pick<Env, "log">;
  readonly store: LocalStore;
  readonly files: Pick<FileStore, "read">;
  readonly self: UserUri;
}): { run(): Promise<void> } {
  const { env, store, files, self } = parts;
  const serial = createSerial();
  let after = 0;
  // Before anything comes: what was there already was not wished for.
  const begun = serial.run(async () => {
    after = await store.transaction((tx) => tx.messageFiles.newest());
  });
  begun.catch((error: unknown) => env.log.info("file.notFetched", { error: String(error) }));

  const next = (): Promise<{ rows: readonly MessageFileRow[]; bytesMax: number }> =>
    store.transaction((tx) => {
      const { autoDownloadBytes: bytesMax } = tx.preferences.get();
      if (bytesMax === 0) {
        after = tx.messageFiles.newest();
        return { rows: [], bytesMax };
      }
      const page = tx.messageFiles.after(after, pageSize);
      after = page.at(-1)?.serial ?? after;
      return { rows: page, bytesMax };
    });
  const fetchOne = async (row: MessageFileRow, bytesMax: number): Promise<void> => {
    const file = await store.transaction((tx) => {
      const stored = tx.messages.contentById(row.room, row.messageId);
      return stored && messageOf(withChanges(tx, stored)).files[row.number];
    });
    if (file?.link === undefined || file.size > bytesMax || row.sender === self) return;
    try {
      await files.read(file.link, { bytesMax });
    } catch (error) {
      env.log.info("file.notFetched", { error: String(error) });
    }
  };
  return {
    run: () =>
      serial.run(async () => {
        for (;;) {
          const { rows, bytesMax } = await next();
          if (rows.length === 0) return;
          for (const row of rows) await fetchOne(row, bytesMax);
        }
      }),
  };
}
