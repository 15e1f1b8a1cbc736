/**
 * The local store's engine in a browser: SQLite in WebAssembly over files of the origin's private
 * file system. It runs in a dedicated worker, where alone such files can be read and written at once.
 */
import type { Bytes } from "@treehouse/protocol";

import { type SqlDatabase, StoreFault } from "../storage/index.ts";
import { deleteDirectory } from "./private-files.ts";
import { loadSqlite, wrap } from "./sqlite.ts";
import { deleteStoreKey, readOrMakeStoreKey } from "./store-key.ts";

export { openInMemory } from "./sqlite.ts";

const keyLength = 32;
/** The database, its journal, and room for what SQLite may want beside them. */
const handles = 4;
const file = "/store.sqlite";

/**
 * Opens the store of that name and finds its key: the one given, or the one that this browser
 * keeps, which is made at the first opening. Throws `StoreFault`.
 */
export async function openBrowserStore(
  name: string,
  given: Uint8Array | undefined,
  random: (length: number) => Bytes,
): Promise<{ readonly database: SqlDatabase; readonly key: Uint8Array }> {
  const database = await openOnFiles(name);
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
 * long, and they go when the worker dies. Throws `StoreFault("storeInUse")` when somebody holds it.
 */
export async function openOnFiles(name: string): Promise<SqlDatabase> {
  checkName(name);
  const sqlite = await loadSqlite();
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
}

/** Deletes a store that is closed, with its key: nothing of it can be read any more. */
export async function deleteBrowserStore(name: string): Promise<void> {
  checkName(name);
  const release = await lockName(name);
  try {
    await deleteStoreKey(name);
    await deleteDirectory(directoryOf(name));
  } finally {
    release();
  }
}

/** A name becomes part of a directory's name, of a lock's and of a key's. */
function checkName(name: string): void {
  if (/^[A-Za-z0-9][A-Za-z0-9._@-]{0,99}$/.test(name)) return;
  throw new StoreFault(
    "storeDamaged",
    "a store's name in a browser is made of letters, digits and . _ @ -, at most 100",
  );
}

const directoryOf = (name: string): string => `.treehouse-${name}`;
const vfsOf = (name: string): string => `treehouse-${name}`;

/** The handles alone would refuse a second opener, but not tell it from a file that is damaged. */
function lockName(name: string): Promise<() => void> {
  return new Promise((resolve, reject) => {
    navigator.locks
      .request(`treehouse/${name}/store`, { ifAvailable: true }, async (lock) => {
        if (lock === null) {
          throw new StoreFault("storeInUse", "another part of this browser has this store open");
        }
        await new Promise<void>((release) => resolve(release));
      })
      .catch(reject);
  });
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
