import type { Cancel, Env } from "@treehouse/protocol";
import type BetterSqlite3 from "better-sqlite3";
import { checkpointLog } from "./checkpoint-log.ts";
import type { Reserve } from "./reserve.ts";
import { storageErrorKind } from "./storage-error.ts";

/** New space that must be had before new items are admitted again. */
const probeBytes = 256 * 1024;
const probeIntervalMs = 1_000;
/** The reserve is written when the start is over, so that nobody waits for it. */
const reserveDelayMs = 5_000;

/** What is done when the disk is full, until it is no longer. */
export interface SpaceGuard {
  /** Gives the reserve up, makes the log reusable and starts to probe. Idempotent. */
  enter(): void;
  stop(): Promise<void>;
}

export interface SpaceGuardOptions {
  readonly env: Pick<Env, "timer" | "log">;
  readonly connection: BetterSqlite3.Database;
  /** Undefined for a database in memory. */
  readonly reserve: Reserve | undefined;
  isBusy(): boolean;
  onRoom(): void;
  onFatal(error: unknown): void;
}

/**
 * Deletions need space, too: what they change is written to the log before it frees anything. So
 * some is kept aside. With it the log can be copied and then written again from its start, in the
 * space that it has already.
 */
export function createSpaceGuard(options: SpaceGuardOptions): SpaceGuard {
  const { env, connection, reserve } = options;
  let full = false;
  let stopped = false;
  let work: Promise<void> = Promise.resolve();
  connection.exec("CREATE TABLE IF NOT EXISTS __space_probe (filler BLOB NOT NULL) STRICT");
  const insert = connection.prepare("INSERT INTO __space_probe (filler) VALUES (zeroblob(?))");
  const clear = connection.prepare("DELETE FROM __space_probe");
  let cancel: Cancel = after(reserve === undefined ? undefined : reserveDelayMs, fillFirst);

  function after(delayMs: number | undefined, run: () => Promise<void>): Cancel {
    if (delayMs === undefined || stopped) return () => {};
    return env.timer(delayMs, () => {
      work = run();
    });
  }

  async function fillFirst(): Promise<void> {
    if (!full && !(await filled("paced")) && !stopped) env.log.warn("reserveMissing");
  }

  async function filled(pace: "paced" | "atOnce"): Promise<boolean> {
    try {
      await reserve?.fill(pace);
      return true;
    } catch {
      return false;
    }
  }

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

  function hasRoom(): boolean {
    return attempt(() => {
      connection.exec("BEGIN IMMEDIATE");
      insert.run(probeBytes);
      connection.exec("COMMIT");
      clear.run();
    });
  }

  async function probe(): Promise<void> {
    const refilled = await filled("atOnce");
    if (stopped) return;
    if (refilled && !options.isBusy() && hasRoom()) {
      full = false;
      env.log.info("storageResumed");
      options.onRoom();
      return;
    }
    reserve?.drop();
    cancel = after(probeIntervalMs, probe);
  }

  return {
    enter() {
      if (full) return;
      full = true;
      cancel();
      env.log.error("storageFull");
      if (reserve !== undefined) {
        reserve.drop();
        attempt(() => checkpointLog(connection, "RESTART"));
      }
      cancel = after(probeIntervalMs, probe);
    },
    async stop() {
      stopped = true;
      cancel();
      reserve?.stop();
      await work;
    },
  };
}
