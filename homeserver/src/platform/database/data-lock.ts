import { nodeEngine } from "./engine.ts";
import type { DatabaseEngine } from "./engine.ts";
import { DatabaseRefused, sqliteCode } from "./storage-error.ts";

/** Proof that no other process uses the same database. */
export interface DataLock {
  release(): void;
}

/**
 * Takes the lock beside the database, or refuses at once when another process holds it.
 *
 * The lock is an exclusive transaction on an empty SQLite file: the operating system drops it with
 * the process however that ends, so that nothing stale remains after SIGKILL, and SQLite tells two
 * holders in one process apart, which a plain file lock would not.
 */
export function takeDataLock(
  databasePath: string,
  engine: Pick<DatabaseEngine, "open"> = nodeEngine,
): DataLock {
  const connection = engine.open(`${databasePath}.lock`, { timeout: 0 });
  try {
    connection.pragma("journal_mode = MEMORY");
    connection.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    connection.close();
    if (sqliteCode(error) !== "SQLITE_BUSY") throw error;
    throw new DatabaseRefused(
      `Another process uses the database ${databasePath}. Stop it, or choose another directory.`,
      { cause: error },
    );
  }
  return {
    release() {
      connection.close();
    },
  };
}
