/**
 * Copies a database, or checks a copy, on a thread of its own: SQLite does either in one call, and
 * the process must be able to hear that it shall stop. The one message is the result.
 */
import { parentPort, workerData } from "node:worker_threads";
import BetterSqlite3 from "better-sqlite3";
import { z } from "zod";

const port = parentPort;
if (port === null) throw new Error("This is a worker's program.");

const taskSchema = z.union([
  z.object({ copy: z.string(), to: z.string() }),
  z.object({ check: z.string() }),
]);
const namesSchema = z.array(z.object({ name: z.string() }));

/**
 * One statement reads everything in one snapshot, without a lock that a writer could meet. The copy
 * holds what is in use and nothing else: rows that were deleted do not survive in it.
 */
function copy(from: string, to: string): unknown {
  const connection = new BetterSqlite3(from, { readonly: true, fileMustExist: true });
  try {
    connection.prepare("VACUUM INTO ?").run(to);
    return { copied: true };
  } finally {
    connection.close();
  }
}

function check(path: string): unknown {
  const connection = new BetterSqlite3(path, { readonly: true, fileMustExist: true });
  try {
    const integrity = connection.pragma("integrity_check(10)");
    const foreignKeys = connection.pragma("foreign_key_check");
    const tables = namesSchema.parse(
      connection
        .prepare(
          `SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE '\\_\\_migrations\\_%'
           ESCAPE '\\' ORDER BY name`,
        )
        .all(),
    );
    const migrations = tables.map(({ name }) => ({
      table: name,
      rows: connection.prepare(`SELECT position, tag, hash FROM "${name}" ORDER BY position`).all(),
    }));
    return { integrity, foreignKeys, migrations };
  } finally {
    connection.close();
  }
}

const task = taskSchema.parse(workerData);
try {
  port.postMessage("copy" in task ? copy(task.copy, task.to) : check(task.check));
} catch (error) {
  const code = error instanceof BetterSqlite3.SqliteError ? error.code : "unknown";
  port.postMessage({ code, message: error instanceof Error ? error.message : "" });
}
