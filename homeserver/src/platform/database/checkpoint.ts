import type { Cancel, Env } from "@treehouse/protocol";
import type BetterSqlite3 from "better-sqlite3";
import { z } from "zod";
import { checkpointLog } from "./checkpoint-log.ts";
import { copyLogOf } from "./checkpoint-thread.ts";
import { StorageFault, storageErrorKind } from "./storage-error.ts";

/** Shorter intervals compete with commits for the disk and double the tail latency. */
const intervalMs = 1_000;
/** Above this size the log is made to start again from its beginning in a quiet turn … */
const logBytesQuietDefault = 64 * 1024 * 1024;
/** … and above so many times this size in any turn. */
const logBytesFactorMax = 4;

export interface Checkpointer {
  /** Ends it: nothing of the database is open on the thread any more. */
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

/** Has the checkpoint thread copy this log about every second. */
export function startCheckpointer(options: CheckpointOptions): Checkpointer {
  const { env, connection, path, logBytesQuietMax = logBytesQuietDefault } = options;
  const logBytes = env.metrics.gauge("treehouse_database_log_bytes", "Size of the SQLite WAL.");
  const restarts = env.metrics.counter(
    "treehouse_database_log_restarts_total",
    "Times the writer itself made the WAL start again, because it had grown too large.",
  );
  const frameBytes = z.int().parse(connection.pragma("page_size", { simple: true })) + 24;
  let stopping = false;
  const copier = copyLogOf(path, {
    onAnswer,
    onDeath: (error) => void (stopping || options.onFatal(error)),
  });
  let cancel: Cancel = schedule();

  function schedule(): Cancel {
    return env.timer(intervalMs, () => copier.checkpoint());
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

  function onAnswer(answer: unknown): void {
    if (stopping) return;
    const result = resultSchema.parse(answer);
    if ("rows" in result) {
      const bytes = Math.max(0, result.rows[0].log) * frameBytes;
      logBytes.set(bytes);
      restartIfLarge(bytes);
    } else if (/^SQLITE_(IOERR|CORRUPT|CANTOPEN)/.test(result.code)) {
      options.onFatal(new StorageFault(`A checkpoint failed with ${result.code}.`));
    } else {
      env.log.warn("checkpointFailed", { code: result.code });
    }
    cancel = schedule();
  }

  return {
    async stop() {
      stopping = true;
      cancel();
      await copier.close();
    },
  };
}
