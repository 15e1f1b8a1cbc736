import BetterSqlite3 from "better-sqlite3";

/** What an error of the database means for the process. */
export type StorageErrorKind = "full" | "fatal" | "statement" | "none";

/**
 * `full`: no space, nothing damaged. `fatal`: what is on disk is unknown or damaged, or the database
 * is out of our hands; only a restart is safe (a failed fsync may have dropped dirty pages, so it
 * must never be repeated). `statement`: this statement alone. `none`: not the database's error.
 */
export function storageErrorKind(error: unknown): StorageErrorKind {
  const code = sqliteCode(error);
  if (code === undefined) return "none";
  if (code === "SQLITE_FULL") return "full";
  return fatal.some((prefix) => code.startsWith(prefix)) ? "fatal" : "statement";
}

/** The SQLite result code of an error or of one of its causes. */
export function sqliteCode(error: unknown): string | undefined {
  let current = error;
  for (let depth = 0; depth < 5 && current instanceof Error; depth += 1) {
    if (current instanceof BetterSqlite3.SqliteError) return current.code;
    current = current.cause;
  }
  return undefined;
}

const fatal = [
  "SQLITE_IOERR",
  "SQLITE_CORRUPT",
  "SQLITE_NOTADB",
  "SQLITE_CANTOPEN",
  "SQLITE_READONLY",
  "SQLITE_PROTOCOL",
  "SQLITE_NOMEM",
  "SQLITE_NOLFS",
  "SQLITE_PERM",
];

/** The database failed. The process stops, because only a fresh start knows what is on disk. */
export class StorageFault extends Error {
  override readonly name = "StorageFault";
}

/** The database cannot be opened as it is. The message says what the operator can do. */
export class DatabaseRefused extends Error {
  override readonly name = "DatabaseRefused";
}
