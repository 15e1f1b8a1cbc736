/** The local store's engine in Node: better-sqlite3, one file, one opener. */
import { mkdir, open, readFile, rename } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { getSystemErrorMessage } from "node:util";

import { type Bytes, Refusal } from "@treehouse/protocol";
import Database from "better-sqlite3";

import {
  type Durability,
  type SqlDatabase,
  type SqlRow,
  type SqlTx,
  StoreFault,
} from "../storage/index.ts";

const keyLength = 32;

/**
 * Opens the store at `path` and finds its key: the one given, or the content of `<path>.key`,
 * which is made with mode 0600 at the first opening. A store that holds something and has lost its
 * key file is left as it is: no other key would open it.
 */
export async function openNodeStore(
  path: string,
  given: Uint8Array | undefined,
  random: (length: number) => Bytes,
): Promise<{ readonly database: SqlDatabase; readonly key: Uint8Array }> {
  // The engine takes both for a database in memory, in which everything would be lost.
  if (path.trim() === "" || path === ":memory:") {
    throw new Refusal("malformed", "a store is a file: it needs a path");
  }
  await makeFile(path).catch((cause: unknown) => {
    throw placeFault(path, cause);
  });
  const database = openSqlite(path);
  try {
    const key = given ?? (await keyBeside(path, database, random));
    if (key.length !== keyLength) {
      throw new StoreFault("storeKeyWrong", `a store key has ${keyLength} octets`);
    }
    return { database, key };
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** Its folders too; what is there stays. */
async function makeFile(path: string): Promise<void> {
  const folder = resolve(dirname(path));
  const made = await mkdir(folder, { recursive: true, mode: 0o700 });
  if (made !== undefined) {
    for (let each = folder; each.startsWith(made); each = dirname(each)) {
      await syncFolder(dirname(each));
    }
  }
  await (await open(path, "a", 0o600)).close();
}

async function keyBeside(
  store: string,
  database: SqlDatabase,
  random: (length: number) => Bytes,
): Promise<Uint8Array> {
  const path = `${store}.key`;
  const known = await readFile(path).catch((cause: unknown) => {
    if (codeOf(cause) === "ENOENT") return undefined;
    throw new StoreFault("storeDamaged", "the store's key file cannot be read", { cause });
  });
  if (known !== undefined) return known;
  const tables = await database.transaction((tx) => tx.all("SELECT 1 FROM sqlite_schema LIMIT 1"));
  if (tables.length > 0) {
    throw new StoreFault("storeKeyMissing", `the key file of the store is missing: ${path}`);
  }
  return makeKey(path, random).catch((cause: unknown) => {
    throw placeFault(store, cause);
  });
}

/** The key is there whole or not at all: it is written beside its place and then moved there. */
async function makeKey(path: string, random: (length: number) => Bytes): Promise<Uint8Array> {
  const key = random(keyLength);
  const file = await open(`${path}.new`, "w", 0o600);
  try {
    await file.writeFile(key);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
  await syncFolder(dirname(path));
  return key;
}

/** A new name outlives a power failure only once its folder is on the disk. Windows has no such call. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/**
 * Opens or creates the database file. `EXCLUSIVE` locking keeps every other process out for as
 * long as it is open, and lets go by itself when this process dies.
 *
 * Throws `StoreFault("storeInUse")` when another process holds it.
 */
export function openSqlite(path: string): SqlDatabase {
  const database = openFile(path);
  try {
    database.pragma("locking_mode = EXCLUSIVE");
    database.pragma("journal_mode = WAL");
    // WAL makes better-sqlite3 fall back to NORMAL, which loses transactions on power loss.
    database.pragma("synchronous = FULL");
    database.pragma("secure_delete = ON");
    database.exec("BEGIN IMMEDIATE; COMMIT");
  } catch (cause) {
    database.close();
    if (isBusy(cause)) {
      throw new StoreFault("storeInUse", "another process has this store open", { cause });
    }
    throw openingFault(path, cause);
  }
  return wrap(database);
}

function openFile(path: string): Database.Database {
  try {
    return new Database(path, { timeout: 0 });
  } catch (cause) {
    throw openingFault(path, cause);
  }
}

function openingFault(path: string, cause: unknown): StoreFault {
  if (isBarred(cause)) return placeFault(path, cause);
  return new StoreFault("storeDamaged", "the store's file cannot be opened", { cause });
}

/** Of a place where no store can be kept. */
function placeFault(path: string, cause: unknown): StoreFault {
  const code = codeOf(cause);
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new StoreFault("storeFull", "there is no room left for the store", { cause });
  }
  const errno = cause instanceof Error && "errno" in cause ? cause.errno : undefined;
  const text = typeof errno === "number" ? getSystemErrorMessage(errno) : code;
  // Said of a folder that cannot be made, since a file has its name.
  const why = code === "EEXIST" ? "its folder is a file" : text;
  return new StoreFault("storeUnwritable", `no store can be kept at ${path}: ${why}`, { cause });
}

function wrap(database: Database.Database): SqlDatabase {
  const statements = new Map<string, Database.Statement>();
  const prepare = (sql: string) => {
    let statement = statements.get(sql);
    if (statement === undefined) {
      statement = database.prepare(sql);
      statements.set(sql, statement);
    }
    return statement;
  };
  let mode: Durability = "durable";
  let wanted: Durability = "durable";
  let writes = false;
  let unsettled = false;
  /**
   * Called before the first write of a transaction: most only read, and changing the mode costs more than
   * they do. Nobody else can write to the file, so that nothing comes between the two halves. In WAL,
   * NORMAL leaves it to the next FULL commit to bring everything to the disk.
   */
  const beginToWrite = (): void => {
    writes = true;
    unsettled ||= wanted === "soon";
    if (wanted === mode) return;
    prepare("COMMIT").run();
    database.pragma(`synchronous = ${wanted === "soon" ? "NORMAL" : "FULL"}`);
    mode = wanted;
    prepare("BEGIN IMMEDIATE").run();
  };
  const use = (sql: string) => {
    const statement = prepare(sql);
    if (!writes && !statement.readonly) beginToWrite();
    return statement;
  };
  const tx: SqlTx = {
    run(sql, ...values) {
      const result = use(sql).run(...values);
      return { changes: result.changes, lastId: Number(result.lastInsertRowid) };
    },
    all(sql, ...values) {
      const rows = use(sql).all(...values);
      if (!areRows(rows)) throw new TypeError("a row is no object");
      return rows;
    },
  };
  return {
    async transaction(run, durability = "durable") {
      if (!database.open) throw new StoreFault("closed", "the client was closed");
      try {
        wanted = durability;
        writes = false;
        prepare("BEGIN").run();
        const value = run(tx);
        prepare("COMMIT").run();
        return value;
      } catch (error) {
        if (database.inTransaction) database.exec("ROLLBACK");
        throw faultOf(error);
      }
    },
    async settle() {
      if (!database.open || !unsettled) return;
      try {
        // A checkpoint begins with bringing the log to the disk.
        database.pragma("wal_checkpoint(PASSIVE)");
        unsettled = false;
      } catch (error) {
        throw faultOf(error);
      }
    },
    async close() {
      database.close();
    },
  };
}

function areRows(rows: readonly unknown[]): rows is readonly SqlRow[] {
  return rows.every((row) => typeof row === "object" && row !== null);
}

/** What the engine says becomes a `StoreFault`; what the closure threw passes unchanged. */
function faultOf(cause: unknown): unknown {
  const code = codeOf(cause);
  if (code === "SQLITE_FULL") {
    return new StoreFault("storeFull", "there is no room left for the store", { cause });
  }
  if (!code.startsWith("SQLITE_") || ofAsker.has(code)) return cause;
  if (isBarred(cause)) {
    const text = `the store's file cannot be written (${code})`;
    return new StoreFault("storeUnwritable", text, { cause });
  }
  return new StoreFault("storeDamaged", `the store's file cannot be used (${code})`, { cause });
}

/** What says that the engine was asked wrongly: nothing is known against the file. */
const ofAsker: ReadonlySet<string> = new Set(["SQLITE_MISMATCH", "SQLITE_MISUSE", "SQLITE_RANGE"]);

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

/** The folder of a store has to take the log beside its file. */
function isBarred(error: unknown): boolean {
  return /^SQLITE_(?:READONLY|CANTOPEN|PERM)/.test(codeOf(error));
}

function isBusy(error: unknown): boolean {
  return codeOf(error).startsWith("SQLITE_BUSY");
}
