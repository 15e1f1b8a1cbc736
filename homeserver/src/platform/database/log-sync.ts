import { closeSync, fdatasync, openSync } from "node:fs";

/** Brings what was written to a database's log to the disk, beside the thread that writes it. */
export interface LogSync {
  /**
   * Calls `done` when everything that was written to the log before this call is on the disk, or with
   * the error for which nobody knows. One at a time.
   */
  sync(done: (error: unknown) => void): void;
  /** Gives the file up, after the sync that is under way. */
  close(): void;
}

/**
 * The log of a file of this machine, synced on Node's pool of threads.
 *
 * The database keeps its log, under this name and in this place, for as long as a connection is
 * open; what tells a reader of the log where it begins, and its name in the folder, SQLite itself
 * brings to the disk before anything else (`synchronous=NORMAL`).
 */
export function openLogSync(path: string): LogSync {
  let descriptor: number | undefined;
  let syncing = false;
  let closed = false;

  function give(): void {
    if (descriptor !== undefined) closeSync(descriptor);
    descriptor = undefined;
  }

  return {
    sync(done) {
      // SQLite makes the file with the first transaction.
      descriptor ??= openSync(`${path}-wal`, "r+");
      syncing = true;
      fdatasync(descriptor, (error) => {
        syncing = false;
        if (closed) give();
        done(error ?? undefined);
      });
    },
    close() {
      closed = true;
      if (!syncing) give();
    },
  };
}
