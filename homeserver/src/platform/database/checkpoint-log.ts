import type BetterSqlite3 from "better-sqlite3";

/** How long a write waits for a lock that only a foreign program can hold. */
export const busyTimeoutMs = 5_000;

/**
 * Copies the log and lets it start again, or empties it, unless somebody still reads from it. Never
 * waits for that: a backup may read for minutes, and everything else would stand still meanwhile.
 */
export function checkpointLog(
  connection: BetterSqlite3.Database,
  mode: "RESTART" | "TRUNCATE",
): unknown {
  connection.pragma("busy_timeout = 0");
  try {
    return connection.pragma(`wal_checkpoint(${mode})`);
  } finally {
    connection.pragma(`busy_timeout = ${busyTimeoutMs}`);
  }
}
