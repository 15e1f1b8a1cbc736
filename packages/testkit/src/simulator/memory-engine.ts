import BetterSqlite3 from "better-sqlite3";
import type { MemoryDisk, StatementForm } from "./memory-disk.ts";
import { type MortalEngine, reserveWhile } from "./mortal-engine.ts";
import type { Mortality } from "./mortality.ts";

/** What a server asks of its connection when it opens it, as a real one answers. */
const settings = new Map<string, unknown>([
  ["journal_mode", "wal"],
  ["foreign_keys", 1],
  ["wal_autocheckpoint", 0],
  ["cache_size", -65_536],
  ["trusted_schema", 0],
]);

/**
 * One life of a server over a disk in memory. Transactions are savepoints of the disk; a full disk
 * takes no INSERT, and takes the transaction back as SQLite does.
 */
export function createMemoryEngine(disk: MemoryDisk, mortality: Mortality): MortalEngine {
  let isFull = false;
  let dead = false;
  /** In WAL, anything less leaves it to a later checkpoint to bring a COMMIT to the disk. */
  let isDurable = false;
  const transactions = new Map<string, () => void>([
    ["BEGIN IMMEDIATE", begin],
    ["COMMIT", () => disk.commit()],
    ["ROLLBACK", () => disk.rollback()],
  ]);

  function begin(): void {
    if (isDurable) disk.synced();
    else disk.unsynced();
    disk.begin();
  }

  function pragma(text: string): unknown {
    const wanted = /^synchronous = (\w+)$/.exec(text)?.[1];
    if (wanted !== undefined) isDurable = wanted === "FULL" || wanted === "EXTRA";
    if (text === "synchronous") return isDurable ? 2 : 1;
    return settings.get(text);
  }

  /** Does what SQLite does, unless this life or its disk is at its end. */
  function perform<T>(sql: string, run: () => T): T {
    mortality.before(sql, () => disk.rollback());
    if (isFull && /^\s*(?:insert|replace)\b/i.test(sql)) {
      disk.rollback();
      throw new BetterSqlite3.SqliteError("database or disk is full", "SQLITE_FULL");
    }
    const result = run();
    mortality.after(sql);
    return result;
  }

  function statement(sql: string, form: StatementForm): BetterSqlite3.Statement {
    const act = transactions.get(sql);
    const kept = act === undefined ? disk.prepare(sql, form) : undefined;
    const made: BetterSqlite3.Statement = Object.create(null);
    return Object.assign(made, {
      run: (...values: unknown[]) => perform(sql, () => kept?.run(...values) ?? act?.()),
      get: (...values: unknown[]) => perform(sql, () => kept?.get(...values)),
      all: (...values: unknown[]) => perform(sql, () => kept?.all(...values)),
      iterate: (...values: unknown[]) => perform(sql, () => kept?.iterate(...values)),
      raw: () => statement(sql, "raw"),
      pluck: () => statement(sql, "pluck"),
    });
  }

  /** What the library makes of a function; here each form begins at once. */
  function transaction(run: () => unknown): (() => unknown) & { immediate: () => unknown } {
    const act = (): unknown => {
      disk.begin();
      try {
        const value = run();
        disk.commit();
        return value;
      } catch (error) {
        disk.rollback();
        throw error;
      }
    };
    return Object.assign(act, { immediate: act });
  }

  function connect(): BetterSqlite3.Database {
    const connection: BetterSqlite3.Database = Object.create(BetterSqlite3.prototype);
    return Object.defineProperties(connection, {
      inTransaction: { get: () => !dead && disk.acting },
      open: { get: () => !dead },
      prepare: { value: (sql: string) => statement(sql, "rows") },
      exec: { value: (sql: string) => void statement(sql, "rows").run() },
      transaction: { value: transaction },
      pragma: { value: pragma },
      close: { value: () => undefined },
    });
  }

  return {
    open: (path) => (path.endsWith(".lock") ? unlocked() : connect()),
    startCheckpointer: () => ({ stop: () => Promise.resolve() }),
    createReserve: () => reserveWhile(() => !isFull),
    closeAll() {
      mortality.end();
      dead = true;
      disk.rollback();
    },
    full: (full) => {
      isFull = full;
    },
  };
}

/** Nobody else is there who could hold the lock. */
function unlocked(): BetterSqlite3.Database {
  const connection: BetterSqlite3.Database = Object.create(BetterSqlite3.prototype);
  const nothing = { value: () => undefined };
  return Object.defineProperties(connection, { pragma: nothing, exec: nothing, close: nothing });
}
