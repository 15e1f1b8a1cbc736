import init, { type Database, type Sqlite3Static } from "@sqlite.org/sqlite-wasm";

import { type SqlDatabase, type SqlTx, StoreFault } from "../storage/index.ts";

/** SQLite in WebAssembly, once per thread, and what its file systems have last complained of. */
export type Sqlite = {
  readonly engine: Sqlite3Static;
  /** The newest error of a file system since the last call. */
  takeFileError(): unknown;
};

let loaded: Promise<Sqlite> | undefined;

/**
 * Loads the engine. SQLite tells nothing but "I/O error" of what a file system threw, so that is
 * overheard where it would be written to the console.
 */
export function loadSqlite(): Promise<Sqlite> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<Sqlite> {
  let fileError: unknown;
  const ignore = () => undefined;
  Object.assign(globalThis, {
    sqlite3ApiConfig: {
      debug: ignore,
      log: ignore,
      warn: ignore,
      error: (...said: unknown[]) => {
        fileError = said.find((one) => one instanceof Error) ?? fileError;
      },
      disable: { vfs: { kvvfs: true, opfs: true, "opfs-wl": true } },
    },
  });
  const engine = await init();
  return {
    engine,
    takeFileError() {
      const taken = fileError;
      fileError = undefined;
      return taken;
    },
  };
}

/** A database in memory alone: gone when it is closed. */
export async function openInMemory(): Promise<SqlDatabase> {
  const sqlite = await loadSqlite();
  return wrap(sqlite, new sqlite.engine.oo1.DB(":memory:"), () => undefined);
}

/** Sets a database up as the port promises, and speaks the port's language over it. */
export function wrap(sqlite: Sqlite, database: Database, closed: () => void): SqlDatabase {
  const { capi } = sqlite.engine;
  const statements = new Map<string, ReturnType<Database["prepare"]>>();
  const prepare = (sql: string) => {
    let statement = statements.get(sql);
    if (statement === undefined) {
      statement = database.prepare(sql);
      statements.set(sql, statement);
    }
    return statement;
  };
  for (const pragma of pragmas) database.exec(pragma);
  const tx: SqlTx = {
    run(sql, ...values) {
      const statement = prepare(sql);
      try {
        if (values.length > 0) statement.bind([...values]);
        statement.step();
        const lastId = Number(capi.sqlite3_last_insert_rowid(database));
        return { changes: database.changes(), lastId };
      } finally {
        statement.reset(true);
      }
    },
    all(sql, ...values) {
      const statement = prepare(sql);
      try {
        if (values.length > 0) statement.bind([...values]);
        const rows = [];
        while (statement.step()) rows.push(statement.get({}));
        return rows;
      } finally {
        statement.reset(true);
      }
    },
  };
  return {
    async transaction(run) {
      if (!database.isOpen()) throw new StoreFault("closed", "the client was closed");
      sqlite.takeFileError();
      try {
        database.exec("BEGIN IMMEDIATE");
        const value = run(tx);
        database.exec("COMMIT");
        return value;
      } catch (error) {
        const cause = faultOf(sqlite, error);
        // An engine that failed has rolled back by itself.
        if (capi.sqlite3_get_autocommit(database) === 0) database.exec("ROLLBACK");
        throw cause;
      }
    },
    // Each commit is durable here, whatever is asked for.
    settle: () => Promise.resolve(),
    async close() {
      if (!database.isOpen()) return;
      for (const statement of statements.values()) statement.finalize();
      statements.clear();
      database.close();
      closed();
    },
  };
}

/**
 * `TRUNCATE` leaves no page of a former transaction in the journal's file, and spares the pool of
 * handles the renaming that `DELETE` costs. What SQLite would spill goes nowhere but into memory.
 */
const pragmas = [
  "PRAGMA locking_mode = EXCLUSIVE",
  "PRAGMA journal_mode = TRUNCATE",
  "PRAGMA synchronous = FULL",
  "PRAGMA secure_delete = ON",
  "PRAGMA temp_store = MEMORY",
];

/** What the engine says becomes a `StoreFault`; what the closure threw passes unchanged. */
function faultOf(sqlite: Sqlite, cause: unknown): unknown {
  const { capi, SQLite3Error } = sqlite.engine;
  if (!(cause instanceof SQLite3Error)) return cause;
  const fileError = sqlite.takeFileError();
  if (cause.resultCode === capi.SQLITE_FULL || isOverQuota(fileError)) {
    return new StoreFault("storeFull", "there is no room left for the store", { cause });
  }
  // It was asked wrongly: nothing is known against the file.
  const ofAsker: readonly number[] = [capi.SQLITE_MISMATCH, capi.SQLITE_MISUSE, capi.SQLITE_RANGE];
  if (ofAsker.includes(cause.resultCode)) return cause;
  const code = capi.sqlite3_js_rc_str(cause.resultCode) ?? String(cause.resultCode);
  return new StoreFault("storeDamaged", `the store's file cannot be used (${code})`, { cause });
}

/** A browser writes less than it was given when the origin's quota or the disk is used up. */
function isOverQuota(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error.name === "QuotaExceededError" || error.message === "Unknown write() failure.";
}
