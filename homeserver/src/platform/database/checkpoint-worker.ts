/**
 * Copies the logs of this process's databases into them, on a thread of its own, so that no commit
 * waits for it.
 *
 * Each database has a connection here from its first checkpoint on, which never waits for a lock.
 * Messages and answers are described in `checkpoint-thread.ts`.
 */
import { parentPort } from "node:worker_threads";
import BetterSqlite3 from "better-sqlite3";
import type { ThreadAnswer, ThreadMessage } from "./checkpoint-thread.ts";

const port = parentPort;
if (port === null) throw new Error("This is a worker's program.");
const connections = new Map<number, BetterSqlite3.Database>();

function connectionTo(database: number, path: string): BetterSqlite3.Database {
  const known = connections.get(database);
  if (known !== undefined) return known;
  const connection = new BetterSqlite3(path, { timeout: 0, fileMustExist: true });
  connection.pragma("synchronous = FULL");
  connection.pragma("wal_autocheckpoint = 0");
  connections.set(database, connection);
  return connection;
}

function answerTo({ database, path, close }: ThreadMessage): ThreadAnswer {
  if (close) {
    connections.get(database)?.close();
    connections.delete(database);
    return { database, closed: true };
  }
  try {
    return { database, rows: connectionTo(database, path).pragma("wal_checkpoint(PASSIVE)") };
  } catch (error) {
    return { database, code: error instanceof BetterSqlite3.SqliteError ? error.code : "unknown" };
  }
}

port.on("message", (message: ThreadMessage) => port.postMessage(answerTo(message)));
