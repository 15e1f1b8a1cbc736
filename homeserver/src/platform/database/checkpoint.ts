import { Worker } from "node:worker_threads";
import type { Cancel, Env } from "@treehouse/protocol";
import type BetterSqlite3 from "better-sqlite3";
import { z } from "zod";
import { StorageFault, storageErrorKind } from "./storage-error.ts";

/** Shorter intervals compete with commits for the disk and double the tail latency. */
const intervalMs = 1_000;
/** Above this size the log is made to start again from its beginning in a quiet turn … */
const logBytesQuietMax = 64 * 1024 * 1024;
/** … and above this size in any turn. */
const logBytesMax = 256 * 1024 * 1024;

export interface Checkpointer {
  /** Ends the thread. Idempotent. */
  stop(): Promise<void>;
}

export interface CheckpointOptions {
  readonly env: Pick<Env, "timer" | "log" | "metrics">;
  readonly connection: BetterSqlite3.Database;
  readonly path: string;
  isBusy(): boolean;
  isQuiet(): boolean;
  onFatal(error: unknown): void;
}

const resultSchema = z.union([
  z.object({ rows: z.tuple([z.object({ busy: z.int(), log: z.int(), checkpointed: z.int() })]) }),
  z.object({ code: z.string() }),
]);

/** Starts the checkpoint thread, which works about every second. */
export function startCheckpointer(options: CheckpointOptions): Checkpointer {
  const { env, connection, path } = options;
  const logBytes = env.metrics.gauge("treehouse_database_log_bytes", "Size of the SQLite WAL.");
  const restarts = env.metrics.counter(
    "treehouse_database_log_restarts_total",
    "Times the writer itself made the WAL start again, because it had grown too large.",
  );
  const frameBytes = z.int().parse(connection.pragma("page_size", { simple: true })) + 24;
  const source = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const worker = new Worker(new URL(`./checkpoint-worker.${source}`, import.meta.url), {
    workerData: path,
  });
  worker.unref();
  const ended = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
  let stopping = false;
  let cancel: Cancel = schedule();

  function schedule(): Cancel {
    return env.timer(intervalMs, () => worker.postMessage("passive", []));
  }

  function restartIfLarge(bytes: number): void {
    if (options.isBusy() || bytes <= logBytesQuietMax) return;
    if (bytes <= logBytesMax && !options.isQuiet()) return;
    try {
      // PASSIVE has just copied nearly all frames, so that little is left to do here.
      connection.pragma("wal_checkpoint(RESTART)");
      restarts.add();
    } catch (error) {
      if (storageErrorKind(error) === "fatal") options.onFatal(error);
    }
  }

  worker.on("message", (message: unknown) => {
    if (stopping) return;
    const result = resultSchema.parse(message);
    if ("rows" in result) {
      const bytes = Math.max(0, result.rows[0].log) * frameBytes;
      logBytes.set(bytes);
      restartIfLarge(bytes);
    } else if (result.code.startsWith("SQLITE_IOERR") || result.code.startsWith("SQLITE_CORRUPT")) {
      options.onFatal(new StorageFault(`A checkpoint failed with ${result.code}.`));
    } else {
      env.log.warn("checkpointFailed", { code: result.code });
    }
    cancel = schedule();
  });
  worker.on("error", (error) => {
    if (!stopping) options.onFatal(error);
  });

  return {
    async stop() {
      stopping = true;
      cancel();
      // The process must not end before the thread has closed its connection.
      worker.ref();
      worker.postMessage("close", []);
      await ended;
    },
  };
}
