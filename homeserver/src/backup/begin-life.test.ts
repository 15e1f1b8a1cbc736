import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { copyDatabase, createNodeEnv, openDatabase } from "../platform/index.ts";
import type { Database, Tx } from "../platform/index.ts";
import { beginLife } from "./begin-life.ts";
import type { NewLife } from "./begin-life.ts";
import { markCopy } from "./copy-store.sqlite.ts";
import { backupMigrations } from "./index.ts";
import { createLivesFile } from "./lives-file.ts";
import type { LivesFile } from "./lives-file.ts";
import { createSqliteStore } from "./store.sqlite.ts";

let folder = "";
const logged: string[] = [];
const opened: Database[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "treehouse-lives-"));
  logged.length = 0;
});
afterEach(async () => {
  for (const database of opened.splice(0)) await database.close();
  rmSync(folder, { recursive: true });
});

const path = () => join(folder, "treehouse.sqlite");
const inFile = () => readFileSync(join(folder, "boot"), "utf8").trim();
const incarnation = new Uint8Array(16).fill(3);

type Start = {
  readonly setBack: string | undefined;
  /** What the modules were told. */
  readonly told: readonly NewLife[];
  readonly inDatabase: number | undefined;
  /** One turn of the hourly job. */
  readonly hour: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

/** A start of a server that knows nothing but its lives. */
async function start(
  now = 1_000_000_000_000,
  restored?: (tx: Tx) => Promise<void>,
  file: LivesFile = createLivesFile(path()),
): Promise<Start> {
  const env = createNodeEnv({ log: { level: "info", write: (line) => logged.push(line) } });
  const database = openDatabase({
    path: path(),
    env,
    migrations: [backupMigrations],
    reserveBytes: 0,
    onCrash: (error) => {
      throw error;
    },
  });
  opened.push(database);
  const told: NewLife[] = [];
  let hour = async (): Promise<void> => {};
  const setBack = await beginLife({
    env: { ...env, now: () => now },
    database,
    file,
    jobs: {
      every(_name, _intervalMs, run) {
        hour = async () => run();
      },
    },
    restorables: [
      {
        async restored(tx, life) {
          await restored?.(tx);
          told.push(life);
        },
      },
    ],
    incarnation: () => incarnation,
  });
  const store = createSqliteStore(database);
  const lives = await database.read((tx) => store.lives(tx));
  return { setBack, told, inDatabase: lives?.count, hour, stop: () => database.close() };
}

test("Q12 lives are counted in the database and beside it, and nobody is told anything", async () => {
  for (const expected of [1, 2, 3]) {
    const { setBack, told, inDatabase, stop } = await start();
    expect({ setBack, told, inDatabase }).toEqual({
      setBack: undefined,
      told: [],
      inDatabase: expected,
    });
    expect(inFile()).toBe(String(expected));
    await stop();
  }
  expect(logged.join()).not.toContain("dataSetBack");
});

test("Q12 a database from before the last start, put back beside the file, is found to be old", async () => {
  await (await start()).stop();
  await copyDatabase(path(), join(folder, "old"));
  await (await start()).stop();
  rmSync(path());
  await copyDatabase(join(folder, "old"), path());
  const { setBack, told, inDatabase, stop } = await start(1_700_000_000_123);
  expect(setBack).toBe("olderThanFile");
  expect(told).toEqual([
    { at: 1_700_000_000_123, termMin: 1_700_000_000_123, positionMin: 1_700_000_000_123 * 1024 },
  ]);
  expect(inDatabase).toBe(3);
  expect(logged.join()).toContain("dataSetBack");
  await stop();
  const after = await start();
  expect(after.setBack).toBeUndefined();
  await after.stop();
});

test("Q12 a copy of a running server's database is found to be old after an hour", async () => {
  const first = await start();
  await copyDatabase(path(), join(folder, "old"));
  await first.hour();
  await first.stop();
  rmSync(path());
  await copyDatabase(join(folder, "old"), path());
  const second = await start();
  expect(second.setBack).toBe("olderThanFile");
  await second.stop();
});

test("Q12 a first start that dies before there is a file has set nothing back", async () => {
  mkdirSync(join(folder, "boot.draft"));
  await (await start()).stop();
  rmSync(join(folder, "boot.draft"), { recursive: true });
  const { setBack, told, stop } = await start();
  expect({ setBack, told, inFile: inFile() }).toEqual({
    setBack: undefined,
    told: [],
    inFile: "1",
  });
  await stop();
  expect(logged.join()).not.toContain("dataSetBack");
});

test("Q12 a database whose file is missing is taken for an old one, a new one is not", async () => {
  await (await start()).stop();
  rmSync(join(folder, "boot"));
  const second = await start();
  expect(second.setBack).toBe("fileMissing");
  await second.stop();
  writeFileSync(join(folder, "boot"), "not a number");
  const third = await start();
  expect(third.setBack).toBe("fileMissing");
  await third.stop();
});

test("a file that is behind, as after a crash between the two, means nothing", async () => {
  await (await start()).stop();
  await (await start()).stop();
  writeFileSync(join(folder, "boot"), "1\n");
  const { setBack, inDatabase, stop } = await start();
  expect({ setBack, inDatabase }).toEqual({ setBack: undefined, inDatabase: 3 });
  expect(inFile()).toBe("3");
  await stop();
});

test("Q12 a copy that was made for a backup says so wherever it is put, until a server started", async () => {
  await (await start()).stop();
  await copyDatabase(path(), join(folder, "copy"));
  expect(markCopy(join(folder, "copy"), 55)).toEqual({ count: 1, incarnation, copiedAt: 55 });
  rmSync(path());
  await copyDatabase(join(folder, "copy"), path());
  const first = await start();
  expect(first.setBack).toBe("restored");
  expect(first.told).toHaveLength(1);
  await first.stop();
  const second = await start();
  expect({ setBack: second.setBack, told: second.told }).toEqual({ setBack: undefined, told: [] });
  await second.stop();
});

test("Q12 a start over a restored copy that dies before it counts is not taken for another copy", async () => {
  await (await start()).stop();
  await copyDatabase(path(), join(folder, "copy"));
  markCopy(join(folder, "copy"), 55);
  rmSync(path());
  rmSync(join(folder, "boot"));
  await copyDatabase(join(folder, "copy"), path());
  const files = createLivesFile(path());
  let isTold = false;
  const tell = async (): Promise<void> => {
    isTold = true;
  };
  const dying = await start(1_000_000_000_000, tell, {
    read: () => files.read(),
    async write(count) {
      if (isTold) throw new Error("the process died here");
      await files.write(count);
    },
  });
  expect(dying.setBack).toBe("restored");
  await dying.stop();
  const second = await start();
  expect({ setBack: second.setBack, told: second.told }).toEqual({ setBack: undefined, told: [] });
  await second.stop();
});

test("Q12 a crash while the modules are told leaves everything to the next start", async () => {
  await (await start()).stop();
  markCopy(path(), 55);
  const dies = start(1_000, () => Promise.reject(new Error("the process dies here")));
  await expect(dies).rejects.toThrow("dies here");
  await opened.at(-1)?.close();
  const { setBack, told, stop } = await start();
  expect(setBack).toBe("restored");
  expect(told).toHaveLength(1);
  await stop();
});

test("terms and positions of a later life are above those of an earlier one, whatever is put back", async () => {
  const lives: NewLife[] = [];
  await (await start()).stop();
  for (const now of [1_700_000_000_000, 1_700_000_000_001, 8_000_000_000_000]) {
    markCopy(path(), 55);
    const { told, stop } = await start(now);
    lives.push(...told);
    await stop();
  }
  const [first, second, last] = lives;
  expect(second?.termMin).toBe((first?.termMin ?? 0) + 1);
  expect((second?.positionMin ?? 0) - (first?.positionMin ?? 0)).toBe(2 ** 10);
  expect(Number.isSafeInteger(last?.positionMin)).toBe(true);
});
