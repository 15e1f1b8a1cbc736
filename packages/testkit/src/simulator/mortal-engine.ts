import type { Machine } from "@treehouse/homeserver";
import BetterSqlite3 from "better-sqlite3";
import type { Mortality } from "./mortality.ts";

export type MortalEngine = Machine["engine"] & {
  /** Closes every file that this life has open; what was not committed is rolled back. */
  closeAll(): void;
  /** Lets no database grow, or lets it grow again. */
  full(full: boolean): void;
};

const pagesMax = 1_073_741_823;

/** Real SQLite files whose process may die before, inside and after every transaction. */
export function createMortalEngine(mortality: Mortality): MortalEngine {
  const open = new Set<BetterSqlite3.Database>();
  let isFull = false;

  function guard(connection: BetterSqlite3.Database): void {
    wrap(connection, "prepare", (prepare, [sql, ...options]) => {
      const statement = prepare(sql, ...options);
      if (typeof sql !== "string" || typeof statement !== "object" || statement === null) {
        throw new TypeError("this is no statement");
      }
      for (const method of ["run", "get", "all"]) {
        wrap(statement, method, (perform, values) => {
          mortality.before(sql, () => connection.inTransaction && connection.exec("ROLLBACK"));
          const result = perform(...values);
          mortality.after(sql);
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
    createReserve: () => reserveWhile(() => !isFull),
    closeAll() {
      mortality.end();
      for (const connection of open) if (connection.open) connection.close();
      open.clear();
    },
    full(full) {
      isFull = full;
      for (const connection of open) {
        if (!connection.open || connection.name.endsWith(".lock")) continue;
        const pages = full ? Number(connection.pragma("page_count", { simple: true })) : pagesMax;
        connection.pragma(`max_page_count = ${pages}`);
      }
    },
  };
}

/** Space kept aside, for as long as there is any; nobody writes it. */
export function reserveWhile(hasRoom: () => boolean): ReturnType<MortalEngine["createReserve"]> {
  return {
    async fill() {
      if (!hasRoom()) throw new Error("There is no room for the reserve.");
    },
    drop: () => undefined,
    stop: () => undefined,
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
