import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import BetterSqlite3 from "better-sqlite3";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createNodeEnv } from "../env/node-env.ts";
import { startCheckpointer } from "./checkpoint.ts";

let directory = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "treehouse-checkpoint-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** A writer with a checkpoint thread; `round` lets the thread work once. */
function open(busy: () => boolean) {
  const path = join(directory, "t.sqlite");
  const connection = new BetterSqlite3(path);
  connection.pragma("journal_mode = WAL");
  connection.pragma("wal_autocheckpoint = 0");
  connection.exec("CREATE TABLE IF NOT EXISTS t (bytes BLOB)");
  let due = (): void => {};
  let scheduled = (): void => {};
  let restarts = 0;
  const env = createNodeEnv({ log: { level: "silent" } });
  const faults: unknown[] = [];
  const checkpointer = startCheckpointer({
    env: {
      ...env,
      metrics: { ...env.metrics, counter: () => ({ add: () => void (restarts += 1) }) },
      timer(_delayMs, run) {
        due = run;
        scheduled();
        return () => {};
      },
    },
    connection,
    path,
    logBytesQuietMax: 100_000,
    isBusy: busy,
    isQuiet: () => true,
    onFatal: (error) => faults.push(error),
  });
  return {
    connection,
    faults,
    checkpointer,
    restarts: () => restarts,
    logBytes: () => statSync(`${path}-wal`).size,
    hasLog: () => existsSync(`${path}-wal`),
    write: () => connection.exec("INSERT INTO t VALUES (zeroblob(50000))"),
    async round() {
      const done = new Promise<void>((resolve) => (scheduled = resolve));
      due();
      await done;
    },
  };
}

test("a log that grew too large starts again from its beginning, once", async () => {
  const { connection, checkpointer, faults, restarts, logBytes, write, round } = open(() => false);
  for (let turn = 0; turn < 5; turn += 1) write();
  const size = logBytes();
  expect(size).toBeGreaterThan(200_000);
  await round();
  expect(restarts()).toBe(1);
  // What is written now takes the place of what was copied: the file does not grow.
  for (let turn = 0; turn < 4; turn += 1) write();
  expect(logBytes()).toBe(size);
  expect(faults).toEqual([]);
  await checkpointer.stop();
  connection.close();
});

test("a log that is small is left alone", async () => {
  const { connection, checkpointer, restarts, write, round } = open(() => false);
  write();
  await round();
  expect(restarts()).toBe(0);
  await checkpointer.stop();
  connection.close();
});

test("an open group is not disturbed, and a reader only postpones it", async () => {
  let busy = true;
  const { connection, checkpointer, faults, restarts, round, write } = open(() => busy);
  for (let turn = 0; turn < 5; turn += 1) write();
  const reader = new BetterSqlite3(connection.name, { readonly: true });
  reader.exec("BEGIN");
  reader.prepare("SELECT count(*) FROM t").get();
  write();
  await round();
  busy = false;
  const before = performance.now();
  await round();
  // A backup may read for minutes: nobody waits for it.
  expect(performance.now() - before).toBeLessThan(2_000);
  expect(restarts()).toBe(0);
  reader.close();
  await round();
  expect(restarts()).toBe(1);
  expect(faults).toEqual([]);
  await checkpointer.stop();
  connection.close();
});

test("a database that is closed and opened again under its path is copied anew", async () => {
  const first = open(() => false);
  first.write();
  await first.round();
  const second = open(() => false);
  await first.checkpointer.stop();
  first.connection.close();
  for (let turn = 0; turn < 5; turn += 1) second.write();
  await second.round();
  expect(second.restarts()).toBe(1);
  expect(second.faults).toEqual([]);
  await second.checkpointer.stop();
  second.connection.close();
});

test("once it is stopped the thread has nothing of the database open", async () => {
  const { connection, checkpointer, write, round, hasLog } = open(() => false);
  write();
  await round();
  await checkpointer.stop();
  expect(hasLog()).toBe(true);
  // SQLite removes the log with the last connection.
  connection.close();
  expect(hasLog()).toBe(false);
});
