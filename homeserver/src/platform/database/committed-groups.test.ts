import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createNodeEnv } from "../env/node-env.ts";
import { nodeEngine } from "./engine.ts";
import type { LogSync } from "./log-sync.ts";
import { openDatabase } from "./open-database.ts";

let directory = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "treehouse-committed-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** As many as begin a group while the disk works. */
const many = 256;

/** A database whose log is on the disk when a test says so. */
function openHeld() {
  const held: ((error: unknown) => void)[] = [];
  const crashes: unknown[] = [];
  const sizes: number[] = [];
  const log: LogSync = { sync: (done) => void held.push(done), close: () => {} };
  const env = createNodeEnv({ log: { level: "silent" } });
  const histogram: typeof env.metrics.histogram = (name, help, options) =>
    name.endsWith("group_closures")
      ? { observe: (size) => void sizes.push(size) }
      : env.metrics.histogram(name, help, options);
  const database = openDatabase({
    path: join(directory, "t.sqlite"),
    env: { ...env, metrics: { ...env.metrics, histogram } },
    migrations: [],
    onCrash: (error) => crashes.push(error),
    engine: { ...nodeEngine, openLog: () => log },
  });
  const told: string[] = [];
  const act = (name: string) =>
    database.transaction((tx) => {
      tx.afterCommit(() => told.push(`${name} committed`));
      return name;
    });
  const note = async (name: string): Promise<void> => {
    await act(name);
    told.push(`${name} answered`);
  };
  return {
    database,
    crashes,
    sizes,
    told,
    act,
    note,
    syncs: () => held.length,
    /** Ends the oldest sync. */
    end: (error?: unknown) => held.shift()?.(error),
    begun: (count: number) => vi.waitFor(() => expect(held).toHaveLength(count)),
  };
}

test("nobody is told of a commit before it is on the disk, and all in order", async () => {
  const { database, told, note, begun, end } = openHeld();
  const answers = [note("a")];
  await begun(1);
  expect(told).toEqual([]);
  // Enough to begin while the disk works; they too wait, for a sync that began after their commit.
  for (let count = 0; count < many; count += 1) answers.push(note(`${count}`));
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(told).toEqual([]);
  end();
  await begun(1);
  await answers[0];
  expect(told).toEqual(["a committed", "a answered"]);
  end();
  await Promise.all(answers);
  const numbers = Array.from({ length: many }, (_, count) => `${count}`);
  expect(told.slice(2)).toEqual([
    ...numbers.map((number) => `${number} committed`),
    ...numbers.map((number) => `${number} answered`),
  ]);
  await database.close();
});

test("while the disk works few wait for each other, and many do not", async () => {
  const { database, sizes, act, begun, end } = openHeld();
  const answers = [act("a")];
  await begun(1);
  for (let count = 0; count < many - 1; count += 1) answers.push(act(`${count}`));
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(sizes).toEqual([1]);
  answers.push(act("one more"));
  await vi.waitFor(() => expect(sizes).toEqual([1, many]));
  // One sync for the first group, and one that begins when it ends.
  await begun(1);
  end();
  await begun(1);
  end();
  await Promise.all(answers);
  await database.close();
});

test("a read waits for the disk and for memory, and no group begins before it", async () => {
  const { database, told, act, note, begun, end, sizes } = openHeld();
  const first = note("a");
  await begun(1);
  const read = database.read(() => void told.push("read"));
  const others = Array.from({ length: many }, (_, count) => act(`${count}`));
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(told).toEqual([]);
  expect(sizes).toEqual([1]);
  end();
  await Promise.all([first, read]);
  expect(told.slice(0, 3)).toEqual(["a committed", "a answered", "read"]);
  await begun(1);
  expect(sizes).toEqual([1, many]);
  end();
  await Promise.all(others);
  await database.close();
});

test("a sync that fails is a crash-stop: nothing that was not on the disk is answered", async () => {
  const { database, told, crashes, act, note, begun, end } = openHeld();
  const first = note("a");
  await begun(1);
  end();
  await first;
  const second = Promise.allSettled([act("b")]);
  await begun(1);
  const third = Promise.allSettled(Array.from({ length: many }, () => act("c")));
  await new Promise((resolve) => setTimeout(resolve, 20));
  end(new Error("EIO"));
  for (const outcome of [...(await second), ...(await third)]) {
    expect(outcome).toMatchObject({ status: "rejected", reason: { name: "StorageFault" } });
  }
  expect(told).toEqual(["a committed", "a answered"]);
  expect(crashes).toMatchObject([{ name: "StorageFault" }]);
  await expect(act("d")).rejects.toMatchObject({ code: "unavailable" });
  await expect(database.read(() => 1)).rejects.toMatchObject({ code: "unavailable" });
  await database.close();
});

test("closing waits for what is committed and not yet on the disk", async () => {
  const { database, told, note, begun, end } = openHeld();
  const answer = note("a");
  await begun(1);
  const closed = database.close().then(() => told.push("closed"));
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(told).toEqual([]);
  end();
  await Promise.all([answer, closed]);
  expect(told).toEqual(["a committed", "a answered", "closed"]);
});

test("a file of this machine is synced, also while it is given up", async () => {
  const path = join(directory, "t.sqlite");
  const database = openDatabase({
    path,
    env: createNodeEnv({ log: { level: "silent" } }),
    migrations: [],
    onCrash(error) {
      throw error;
    },
  });
  await database.transaction((tx) => {
    database.sql(tx).$client.exec("CREATE TABLE t (x)");
  });
  const log = nodeEngine.openLog(path, createNodeEnv({ log: { level: "silent" } }));
  const error = new Promise((resolve) => log.sync(resolve));
  log.close();
  expect(await error).toBeUndefined();
  await database.close();
});
