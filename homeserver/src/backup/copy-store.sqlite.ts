import BetterSqlite3 from "better-sqlite3";
import { z } from "zod";
import { BackupRefused } from "./refused.ts";
import type { Lives } from "./store.ts";

/** Access to a copy of a database that no server uses: one row is all that is touched there. */
const rowSchema = z.object({
  count: z.int(),
  incarnation: z.instanceof(Uint8Array),
  copiedAt: z.int().nullable(),
});

/**
 * Marks a copy as one. Whatever brings it back into use, the restore command or a file manager, a
 * server that starts over it knows that it has been set back.
 */
export function markCopy(path: string, at: number): Lives {
  const connection = new BetterSqlite3(path, { fileMustExist: true });
  try {
    const marked = connection.prepare("UPDATE backup_lives SET copied_at = ?").run(at);
    if (marked.changes === 0) throw neverStarted();
    return read(connection);
  } catch (error) {
    const isOlder =
      error instanceof BetterSqlite3.SqliteError && error.message.includes("no such table");
    throw isOlder ? neverStarted(error) : error;
  } finally {
    connection.close();
  }
}

export function readCopy(path: string): Lives {
  const connection = new BetterSqlite3(path, { readonly: true, fileMustExist: true });
  try {
    return read(connection);
  } finally {
    connection.close();
  }
}

function read(connection: BetterSqlite3.Database): Lives {
  const row = rowSchema.parse(
    connection
      .prepare(
        `SELECT count, incarnation, copied_at AS copiedAt FROM backup_lives ORDER BY id LIMIT 1`,
      )
      .get(),
  );
  return {
    count: row.count,
    incarnation: new Uint8Array(row.incarnation),
    copiedAt: row.copiedAt ?? undefined,
  };
}

function neverStarted(cause?: unknown): BackupRefused {
  return new BackupRefused(
    "This release has not served over this database yet. Start the server once, then make the backup.",
    { cause },
  );
}
