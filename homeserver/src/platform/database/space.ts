import { rmSync, statSync, writeFileSync } from "node:fs";
import type { Cancel, Env } from "@treehouse/protocol";
import type BetterSqlite3 from "better-sqlite3";
import { storageErrorKind } from "./storage-error.ts";

/** Space kept aside, so that deletions can still be written when the disk is full. */
const reserveBytes = 4 * 1024 * 1024;
/** New space that must be had before new items are admitted again. */
const probeBytes = 256 * 1024;
const probeIntervalMs = 1_000;

/** What is done when the disk is full, until it is no longer. */
export interface SpaceGuard {
  /** Gives the reserve up, makes the log reusable and starts to probe. Idempotent. */
  enter(): void;
  stop(): void;
}

export interface SpaceGuardOptions {
  readonly env: Pick<Env, "timer" | "log">;
  readonly connection: BetterSqlite3.Database;
  /** Path of the reserve; undefined for a database in memory. */
  readonly reserve: string | undefined;
  isBusy(): boolean;
  onRoom(): void;
  onFatal(error: unknown): void;
}

export function createSpaceGuard(options: SpaceGuardOptions): SpaceGuard {
  const { env, connection, reserve } = options;
  let cancel: Cancel | undefined;
  connection.exec("CREATE TABLE IF NOT EXISTS __space_probe (filler BLOB NOT NULL) STRICT");
  const insert = connection.prepare("INSERT INTO __space_probe (filler) VALUES (zeroblob(?))");
  const clear = connection.prepare("DELETE FROM __space_probe");
  if (reserve !== undefined) ignoringFullDisk(() => fillReserve(reserve));

  /** Runs something that may meet the full disk; anything worse stops the process. */
  function attempt(run: () => void): boolean {
    try {
      run();
      return true;
    } catch (error) {
      if (connection.inTransaction) connection.exec("ROLLBACK");
      if (storageErrorKind(error) === "fatal") options.onFatal(error);
      return false;
    }
  }

  function probe(): boolean {
    return attempt(() => {
      if (reserve !== undefined) fillReserve(reserve);
      connection.exec("BEGIN IMMEDIATE");
      insert.run(probeBytes);
      connection.exec("COMMIT");
      clear.run();
    });
  }

  function schedule(): void {
    cancel = env.timer(probeIntervalMs, () => {
      if (options.isBusy() || !probe()) {
        if (reserve !== undefined) dropReserve(reserve);
        if (cancel !== undefined) schedule();
        return;
      }
      cancel = undefined;
      env.log.info("storageResumed");
      options.onRoom();
    });
  }

  return {
    enter() {
      if (cancel !== undefined) return;
      env.log.error("storageFull");
      if (reserve !== undefined) dropReserve(reserve);
      // A log that was copied whole is written again from its start and needs no new space.
      if (reserve !== undefined) attempt(() => connection.pragma("wal_checkpoint(RESTART)"));
      schedule();
    },
    stop() {
      cancel?.();
      cancel = undefined;
    },
  };
}

function fillReserve(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.size === reserveBytes) return;
  try {
    // Written, not merely declared: a hole in a file keeps no space. Not zeros: some file systems
    // store those for nothing.
    writeFileSync(path, new Uint8Array(reserveBytes).fill(0xa5), { flush: true });
  } catch (error) {
    dropReserve(path);
    throw error;
  }
}

function dropReserve(path: string): void {
  rmSync(path, { force: true });
}

function ignoringFullDisk(run: () => void): void {
  try {
    run();
  } catch {
    // The first write finds out, and is answered for it.
  }
}
