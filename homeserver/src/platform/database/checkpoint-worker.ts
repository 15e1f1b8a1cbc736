/**
 * Copies the log into the database on a thread of its own, so that no commit waits for it.
 *
 * The thread has its own connection and never waits for a lock. Each message asks for one PASSIVE
 * checkpoint and is answered with its result.
 */
import { parentPort, workerData } from "node:worker_threads";
import BetterSqlite3 from "better-sqlite3";

const port = parentPort;
if (port === null || typeof workerData !== "string") throw new Error("This is a worker's program.");

const connection = new BetterSqlite3(workerData, { timeout: 0, fileMustExist: true });
connection.pragma("synchronous = FULL");
connection.pragma("wal_autocheckpoint = 0");

port.on("message", (message: unknown) => {
  if (message === "close") {
    connection.close();
    port.close();
    return;
  }
  try {
    port.postMessage({ rows: connection.pragma("wal_checkpoint(PASSIVE)") });
  } catch (error) {
    const code = error instanceof BetterSqlite3.SqliteError ? error.code : "unknown";
    port.postMessage({ code });
  }
});
