import type { Machine } from "@treehouse/homeserver";
import BetterSqlite3 from "better-sqlite3";
import type { SimWorld } from "./sim-world.ts";

export type MortalEngine = Machine["engine"] & {
  /** Closes every file that this life has open; what was not committed is rolled back. */
  closeAll(): void;
  /** Lets no database grow, or lets it grow again. */
  full(full: boolean): void;
  /** Lets the next COMMIT fail as a broken disk does. */
  breakCommit(): void;
};

/** The most statements of a transaction before which a process is made to die. */
const statementsMax = 24;
const pagesMax = 1_073_741_823;

/**
 * Real SQLite files whose process may die before, inside and after every transaction. `die` ends
 * the life; whatever the dead code does next meets a closed file.
 */
export function createMortalEngine(world: SimWorld, name: string, die: () => void): MortalEngine {
  const random = world.random(`crash ${name}`);
  const open = new Set<BetterSqlite3.Database>();
  let dead = false;
  let breaks = false;
  /** Statements until death, counted from BEGIN; undefined for a transaction that is survived. */
  let left: number | undefined;
  let afterCommit = false;

  function dieHere(where: string): never {
    world.probe(`crash ${where}`);
    die();
    throw new Error("the process dies here");
  }

  function begin(): void {
    const dies = random.chance(world.faults.serverCrash);
    const statement = random.integer(0, statementsMax);
    const later = random.chance(0.3);
    left = dies && !world.calm && !later ? statement : undefined;
    afterCommit = dies && !world.calm && later;
  }

  function before(sql: string, connection: BetterSqlite3.Database): void {
    if (dead) throw new Error("this process is dead");
    if (sql === "BEGIN IMMEDIATE") begin();
    else if (left !== undefined && (left -= 1) < 0) dieHere("inside a transaction");
    if (sql !== "COMMIT") return;
    if (left !== undefined) dieHere("before COMMIT");
    if (!breaks) return;
    breaks = false;
    world.probe("COMMIT broken");
    connection.exec("ROLLBACK");
    throw new BetterSqlite3.SqliteError("disk I/O error", "SQLITE_IOERR_FSYNC");
  }

  function after(sql: string): void {
    if (sql !== "COMMIT") return;
    left = undefined;
    if (afterCommit) dieHere("after COMMIT");
  }

  function guard(connection: BetterSqlite3.Database): void {
    wrap(connection, "prepare", (prepare, [sql, ...options]) => {
      const statement = prepare(sql, ...options);
      if (typeof sql !== "string" || typeof statement !== "object" || statement === null) {
        throw new TypeError("this is no statement");
      }
      for (const method of ["run", "get", "all"]) {
        wrap(statement, method, (perform, values) => {
          before(sql, connection);
          const result = perform(...values);
          after(sql);
          return result;
        });
      }
      return statement;
    });
  }

  return {
    open(path, options) {
      const connection = new BetterSqlite3(path, { ...options });
      open.add(connection);
      // Files that lie in memory are not made durable by waiting; what FULL promises is tried by
      // the harness that replays what a disk was given.
      if (!path.endsWith(".lock")) guard(connection);
      return connection;
    },
    startCheckpointer: () => ({ stop: () => Promise.resolve() }),
    closeAll() {
      dead = true;
      for (const connection of open) if (connection.open) connection.close();
      open.clear();
    },
    full(full) {
      for (const connection of open) {
        if (!connection.open || connection.name.endsWith(".lock")) continue;
        const pages = full ? Number(connection.pragma("page_count", { simple: true })) : pagesMax;
        connection.pragma(`max_page_count = ${pages}`);
      }
    },
    breakCommit() {
      breaks = true;
    },
  };
}

type Method = (...values: readonly unknown[]) => unknown;

/** Puts something of one's own in the place of a method of one object. */
function wrap(
  target: object,
  name: string,
  instead: (method: Method, values: readonly unknown[]) => unknown,
): void {
  const method: unknown = Reflect.get(target, name);
  if (typeof method !== "function") throw new TypeError(`there is no ${name}`);
  const bound: Method = (...values) => Reflect.apply(method, target, values);
  Reflect.set(target, name, (...values: readonly unknown[]) => instead(bound, values));
}
