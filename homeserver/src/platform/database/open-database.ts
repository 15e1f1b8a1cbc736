import type { Env } from "@treehouse/protocol";
import type BetterSqlite3 from "better-sqlite3";
import { drizzle } from "drizzle-orm/better-sqlite3";
import { busyTimeoutMs, checkpointLog } from "./checkpoint-log.ts";
import type { Checkpointer } from "./checkpoint.ts";
import { takeDataLock } from "./data-lock.ts";
import { nodeEngine } from "./engine.ts";
import type { DatabaseEngine } from "./engine.ts";
import { GroupCommit } from "./group-commit.ts";
import { checkHandle } from "./handle.ts";
import type { Drizzle, ReadTx, Tx } from "./handle.ts";
import { migrate } from "./migrations.ts";
import type { ModuleMigrations } from "./migrations.ts";
import { createSpaceGuard } from "./space.ts";
import { DatabaseRefused, StorageFault, storageErrorKind } from "./storage-error.ts";

/** The one database of a homeserver. */
export interface Database {
  /**
   * Runs a closure that reads and writes, and resolves with its value once that is on disk.
   *
   * Closures run one after another; many share one COMMIT. A closure that throws takes back its own
   * writes and no others. It awaits nothing but store calls, opens no other closure, and its `tx`
   * is dead when it ends (`Assertion` otherwise). Refusals: `storageFull` while the disk is full,
   * except with `frees`, for closures that only delete or acknowledge; `unavailable` after `close`.
   */
  transaction<T>(run: (tx: Tx) => Promise<T> | T, options?: { frees?: boolean }): Promise<T>;
  /** Runs a closure that reads what is committed; never while a transaction is open. */
  read<T>(run: (tx: ReadTx) => Promise<T> | T): Promise<T>;
  /** Prepares statements once, at start; what comes back is usable with a live transaction only. */
  prepare<P>(build: (sql: Drizzle) => P): (tx: ReadTx) => P;
  /** The query builder, for paths that are not hot. */
  sql(tx: ReadTx): Drizzle;
  /** `full`: only what frees space is taken. `failed`: nothing is; the process is about to end. */
  readonly state: "open" | "full" | "failed";
  /** Commits what was accepted, checkpoints, closes and gives up the lock. Idempotent. */
  close(): Promise<void>;
}

export interface DatabaseOptions {
  /** A file, or `:memory:`. */
  readonly path: string;
  readonly env: Pick<Env, "now" | "monotonic" | "soon" | "timer" | "log" | "metrics">;
  /** In the order in which they are applied. */
  readonly migrations: readonly ModuleMigrations[];
  /** The database failed: the process must end now, with a code other than 0, and start again. */
  onCrash(error: unknown): void;
  /** Space kept aside for the time when the disk is full, in a file beside the database. */
  readonly reserveBytes?: number;
  /** Largest size in pages; for tests of the full disk. */
  readonly pageCountMax?: number;
  /** Of this machine, unless it is given. */
  readonly engine?: DatabaseEngine;
}

/** As much as the log may hold that is not copied yet: see the checkpoint thread. */
const reserveBytesDefault = 64 * 1024 * 1024;

/** Opens the database for this process alone. Throws `DatabaseRefused` if that cannot be. */
export function openDatabase(options: DatabaseOptions): Database {
  const inMemory = options.path === ":memory:";
  const { engine = nodeEngine } = options;
  const lock = inMemory ? undefined : takeDataLock(options.path, engine);
  let connection: BetterSqlite3.Database | undefined;
  try {
    connection = connect(engine, options.path, inMemory);
    migrate(connection, options.migrations, () => options.env.now());
    if (options.pageCountMax !== undefined) {
      connection.pragma(`max_page_count = ${options.pageCountMax}`);
    }
    return start(connection, options, inMemory, () => lock?.release());
  } catch (error) {
    connection?.close();
    lock?.release();
    throw error;
  }
}

/** Opens the connection with every durable setting, and reads each of them back. */
function connect(engine: DatabaseEngine, path: string, inMemory: boolean): BetterSqlite3.Database {
  const connection = engine.open(path, { timeout: busyTimeoutMs });
  const settings: readonly (readonly [name: string, value: string, expected: unknown])[] = [
    ["journal_mode", "WAL", inMemory ? "memory" : "wal"],
    // The library's own default would lose acknowledged rows when the power fails.
    ["synchronous", "FULL", 2],
    ["foreign_keys", "ON", 1],
    ["wal_autocheckpoint", inMemory ? "1000" : "0", inMemory ? 1000 : 0],
    ["cache_size", "-65536", -65536],
    ["trusted_schema", "OFF", 0],
  ];
  for (const [name, value, expected] of settings) {
    connection.pragma(`${name} = ${value}`);
    const actual = connection.pragma(name, { simple: true });
    if (actual === expected) continue;
    connection.close();
    throw new DatabaseRefused(
      `The database does not accept ${name} = ${value} (it says ${String(actual)}).`,
    );
  }
  return connection;
}

function start(
  connection: BetterSqlite3.Database,
  {
    env,
    path,
    reserveBytes = reserveBytesDefault,
    engine = nodeEngine,
    ...events
  }: DatabaseOptions,
  inMemory: boolean,
  unlock: () => void,
): Database {
  let crashed = false;
  const crash = (error: unknown): void => {
    if (crashed) return;
    crashed = true;
    group.fail(error);
    events.onCrash(new StorageFault("The database failed.", { cause: error }));
  };
  const group = new GroupCommit({
    env,
    connection,
    commitSeconds: env.metrics.histogram(
      "treehouse_database_commit_seconds",
      "Time one COMMIT took, including its fsync.",
      { buckets: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1] },
    ),
    groupSize: env.metrics.histogram(
      "treehouse_database_group_closures",
      "Closures that shared one COMMIT.",
      { buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256] },
    ),
    onFull: () => space.enter(),
    onFatal: crash,
  });
  const space = createSpaceGuard({
    env,
    connection,
    reserve: inMemory ? undefined : engine.createReserve(`${path}.reserve`, reserveBytes, env),
    isBusy: () => group.busy,
    onRoom: () => group.setFull(false),
    onFatal: crash,
  });
  const checkpointer: Checkpointer | undefined = inMemory
    ? undefined
    : engine.startCheckpointer({
        env,
        connection,
        path,
        isBusy: () => group.busy,
        isQuiet: () => group.quiet,
        onFatal: crash,
      });
  const sql: Drizzle = drizzle(connection);
  let closed: Promise<void> | undefined;

  async function close(): Promise<void> {
    await group.drain();
    await space.stop();
    await checkpointer?.stop();
    // After a failure nothing more is written: only a fresh start knows what is on disk.
    if (!crashed && !inMemory) emptyLog(connection);
    connection.close();
    unlock();
  }

  return {
    transaction: (run, options) => group.transaction(run, options?.frees ?? false),
    read: (run) => group.read(run),
    prepare(build) {
      let prepared: ReturnType<typeof build> | undefined;
      return (tx) => {
        checkHandle(tx, connection);
        // Few of them are ever used in one life of a process, and all of them would delay its start.
        prepared ??= build(sql);
        return prepared;
      };
    },
    sql(tx) {
      checkHandle(tx, connection);
      return sql;
    },
    get state() {
      return group.state;
    },
    close: () => (closed ??= close()),
  };
}

/** The log may stay as it is when the disk is full; the next start reads it. */
function emptyLog(connection: BetterSqlite3.Database): void {
  try {
    checkpointLog(connection, "TRUNCATE");
  } catch (error) {
    if (storageErrorKind(error) !== "full") throw error;
  }
}
