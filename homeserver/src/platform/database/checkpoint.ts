import { Worker } from "node:worker_threads";
import type { Cancel, Env } from "@treehouse/protocol";
import type BetterSqlite3 from "better-sqlite3";
import { z } from "zod";
import { checkpointLog } from "./checkpoint-log.ts";
import { StorageFault, storageErrorKind } from "./storage-error.ts";

/** Shorter intervals compete with commits for the disk and double the tail latency. */
const intervalMs = 1_000;
/** Above this size the log is made to start again from its beginning in a quiet turn … */
const logBytesQuietDefault = 64 * 1024 * 1024;
/** … and above so many times this size in any turn. */
const logBytesFactorMax = 4;

export interface Checkpointer {
  /** Ends the thread. Idempotent. */
  stop(): Promise<void>;
}

export interface CheckpointOptions {
  readonly env: Pick<Env, "timer" | "log" | "metrics">;
  readonly connection: BetterSqlite3.Database;
  readonly path: string;
  /** Size above which the log starts again in a quiet turn; smaller in tests. */
  readonly logBytesQuietMax?: number;
  isBusy(): boolean;
  isQuiet(): boolean;
  onFatal(error: unknown): void;
}

const rowsSchema = z.tuple([z.object({ busy: z.int(), log: z.int(), checkpointed: z.int() })]);
const resultSchema = z.union([z.object({ rows: rowsSchema }), z.object({ code: z.string() })]);

/** Starts the checkpoint thread, which works about every second. */
export function startCheckpointer(options: CheckpointOptions): Checkpointer {
  const { env, connection, path, logBytesQuietMax = logBytesQuietDefault } = options;
  const logBytes = env.metrics.gauge("treehouse_database_log_bytes", "Size of the SQLite WAL.");
  const restarts = env.metrics.counter(
    "treehouse_database_log_restarts_total",
    "Times the writer itself made the WAL start again, because it had grown too large.",
  );
  const frameBytes = z.int().parse(connection.pragma("page_size", { simple: true })) + 24;
  const program = new URL("./checkpoint-worker.ts", import.meta.url);
  // Published packages hold what the compiler wrote, and it does not rewrite this name.
  if (import.meta.url.endsWith(".js")) program.pathname = program.pathname.replace(/ts$/, "js");
  const worker = new Worker(program, { workerData: path });
  worker.unref();
  const ended = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
  let stopping = false;
  let cancel: Cancel = schedule();

  function schedule(): Cancel {
    return env.timer(intervalMs, () => worker.postMessage("passive", []));
  }

  function restartIfLarge(bytes: number): void {
    if (options.isBusy() || bytes <= logBytesQuietMax) return;
    if (bytes <= logBytesQuietMax * logBytesFactorMax && !options.isQuiet()) return;
    try {
      // PASSIVE has just copied nearly all frames, so that little is left to do here.
      const [result] = rowsSchema.parse(checkpointLog(connection, "RESTART"));
      if (result.busy === 0) restarts.add();
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
