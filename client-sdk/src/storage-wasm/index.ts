/**
 * The local store's engine in a browser: SQLite in WebAssembly over files of the origin's private
 * file system. It runs in a dedicated worker, where alone such files can be read and written at once.
 */
import type { Bytes, Env } from "@treehouse/protocol";

import { type SqlDatabase, StoreFault } from "../storage/index.ts";
import { checkName, directoryOf, lockName, vfsOf } from "./names.ts";
import { loadSqlite, wrap } from "./sqlite.ts";
import { readOrMakeStoreKey } from "./store-key.ts";

export { openInMemory } from "./sqlite.ts";

const keyLength = 32;
/** The database, its journal, and room for what SQLite may want beside them. */
const handles = 4;
const file = "/store.sqlite";
const retryMs = 25;

/** For how long a store that is in use is waited for. */
export type Patience = { readonly ms: number; readonly timer: Env["timer"] };

/**
 * Opens the store of that name and finds its key: the one given, or the one that this browser
 * keeps, which is made at the first opening. Throws `StoreFault`.
 */
export async function openBrowserStore(
  name: string,
  given: Uint8Array | undefined,
  random: (length: number) => Bytes,
  patience?: Patience,
): Promise<{ readonly database: SqlDatabase; readonly key: Uint8Array }> {
  const database = await openOnFiles(name, patience);
  try {
    const key = given ?? (await readOrMakeStoreKey(name, random));
    if (key.length !== keyLength) {
      throw new StoreFault("storeKeyWrong", `a store key has ${keyLength} octets`);
    }
    return { database, key };
  } catch (error) {
    await database.close();
    throw error;
  }
}

/**
 * Opens or creates the database. Its files' handles are exclusive, so nobody else can open it for as
 * long, and they go when the worker dies. Throws `StoreFault("storeInUse")` when somebody holds it,
 * and still does after the time that `patience` gives.
 */
export async function openOnFiles(name: string, patience?: Patience): Promise<SqlDatabase> {
  checkName(name);
  const sqlite = await loadSqlite();
  return whileInUse(patience, async () => {
    const release = await lockName(name);
    try {
      const wanted = {
        name: vfsOf(name),
        directory: directoryOf(name),
        initialCapacity: handles,
        // Otherwise whoever comes second would delete the files of whoever has the store open.
        preserveOnInitFailure: true,
        forceReinitIfPreviouslyFailed: true,
      };
      const pool = await sqlite.engine.installOpfsSAHPoolVfs(wanted);
      if (pool.isPaused()) await pool.unpauseVfs();
      return wrap(sqlite, new pool.OpfsSAHPoolDb(file), () => {
        pool.pauseVfs();
        release();
      });
    } catch (cause) {
      release();
      throw openingFault(cause);
    }
  });
}

/** Whoever comes after a worker that was ended may find it still letting go. */
async function whileInUse<T>(patience: Patience | undefined, open: () => Promise<T>): Promise<T> {
  for (let left = patience?.ms ?? 0; ; left -= retryMs) {
    try {
      return await open();
    } catch (error) {
      const inUse = error instanceof StoreFault && error.code === "storeInUse";
      if (!inUse || patience === undefined || left <= 0) throw error;
      await new Promise<void>((resolve) => void patience.timer(retryMs, resolve));
    }
  }
}

function openingFault(cause: unknown): StoreFault {
  if (cause instanceof StoreFault) return cause;
  const name = cause instanceof Error ? cause.name : "";
  if (name === "NoModificationAllowedError" || name === "InvalidStateError") {
    return new StoreFault("storeInUse", "another worker holds this store's files", { cause });
  }
  if (name === "QuotaExceededError") {
    return new StoreFault("storeFull", "there is no room left for the store", { cause });
  }
  return new StoreFault("storeDamaged", "the store's files cannot be opened", { cause });
}
