import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import BetterSqlite3 from "better-sqlite3";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createNodeEnv } from "../env/node-env.ts";
import type { NodeEnv } from "../env/node-env.ts";
import type { ModuleMigrations } from "./migrations.ts";
import { openDatabase } from "./open-database.ts";
import type { DatabaseOptions } from "./open-database.ts";
import { DatabaseRefused } from "./storage-error.ts";

let directory = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "treehouse-database-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

const quiet = () => createNodeEnv({ log: { level: "silent" } });
const open = (path: string, more: Partial<DatabaseOptions> = {}) =>
  openDatabase({
    path,
    env: quiet(),
    migrations: [],
    onCrash(error) {
      throw error;
    },
    ...more,
  });

test("the connection is durable: WAL, FULL, foreign keys, checkpoints elsewhere", async () => {
  const database = open(join(directory, "t.sqlite"));
  const settings = await database.read((tx) => {
    const { $client } = database.sql(tx);
    return ["journal_mode", "synchronous", "foreign_keys", "wal_autocheckpoint", "cache_size"].map(
      (name) => $client.pragma(name, { simple: true }),
    );
  });
  expect(settings).toEqual(["wal", 2, 1, 0, -65536]);
  await database.close();
});

test("a second opener is refused, in this process and in another one", async () => {
  const path = join(directory, "t.sqlite");
  const database = open(path);
  expect(() => open(path)).toThrow(DatabaseRefused);
  expect(() => open(path)).toThrow("Another process uses the database");
  expect(await holdLock(path, "try")).toBe("refused\n");
  await database.close();
  await open(path).close();
});

test("the lock of a process that was killed does not remain", async () => {
  const path = join(directory, "t.sqlite");
  expect(await holdLock(path, "hold")).toBe("held\n");
  await open(path).close();
});

/** Takes the lock in another process: `try` reports how it went, `hold` is killed holding it. */
async function holdLock(path: string, mode: "try" | "hold"): Promise<string> {
  const url = new URL("./data-lock.ts", import.meta.url).href;
  const program = `
    const { takeDataLock } = await import(${JSON.stringify(url)});
    try { takeDataLock(${JSON.stringify(path)}); console.log("held"); }
    catch { console.log("refused"); process.exit(0); }
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program]);
  const [output] = await once(child.stdout, "data");
  const ended = once(child, "exit");
  if (mode === "hold") child.kill("SIGKILL");
  await ended;
  return String(output);
}

function writeHistory(name: string, migrations: readonly string[]): ModuleMigrations {
  const folder = join(directory, name);
  mkdirSync(join(folder, "meta"), { recursive: true });
  const entries = migrations.map((_, idx) => ({ idx, tag: `000${idx}_step` }));
  writeFileSync(join(folder, "meta/_journal.json"), JSON.stringify({ entries }));
  for (const [index, sql] of migrations.entries()) {
    writeFileSync(join(folder, `000${index}_step.sql`), sql);
  }
  return { module: name, folder };
}

const first =
  "CREATE TABLE a (id INTEGER PRIMARY KEY);--> statement-breakpoint\nINSERT INTO a VALUES (1);";
const second = "ALTER TABLE a ADD COLUMN name TEXT NOT NULL DEFAULT 'x';";

test("migrations are applied once, and a database goes forward from every state", async () => {
  const path = join(directory, "t.sqlite");
  await open(path, { migrations: [writeHistory("queuing", [first])] }).close();
  const both = writeHistory("queuing", [first, second]);
  const other = writeHistory("key-packages", ["CREATE TABLE b (id INTEGER PRIMARY KEY);"]);
  for (let start = 0; start < 2; start += 1) {
    const database = open(path, { migrations: [both, other] });
    const rows = await database.read((tx) =>
      database.sql(tx).$client.prepare("SELECT id, name FROM a ORDER BY id").all(),
    );
    expect(rows).toEqual([{ id: 1, name: "x" }]);
    await database.close();
  }
});

test("a database of a newer release, or of another history, is refused", async () => {
  const path = join(directory, "t.sqlite");
  await open(path, { migrations: [writeHistory("queuing", [first, second])] }).close();
  const older = writeHistory("queuing", [first]);
  expect(() => open(path, { migrations: [older] })).toThrow("written by a newer release");
  const changed = writeHistory("queuing", [`${first} -- changed`, second]);
  expect(() => open(path, { migrations: [changed] })).toThrow("is not the one");
});

test.for<readonly [string, string, RegExp]>([
  ["that fails", "NONSENSE;", /syntax error/],
  [
    "that breaks a reference",
    "CREATE TABLE c (a INTEGER REFERENCES a (id));--> statement-breakpoint\nINSERT INTO c VALUES (7);",
    /foreign key/,
  ],
])("a migration %s leaves nothing of itself, nor of those before it", async ([, sql, message]) => {
  const path = join(directory, "t.sqlite");
  const queuing = (...steps: readonly string[]) => writeHistory("queuing", steps);
  await open(path, { migrations: [queuing(first)] }).close();
  const broken = writeHistory("key-packages", [sql]);
  expect(() => open(path, { migrations: [queuing(first, second), broken] })).toThrow(message);
  // The release before still starts: it would refuse a second step as one of a newer release.
  await open(path, { migrations: [queuing(first)] }).close();
});

/** An Env whose timers fire when told. */
function manualTimers(): { env: NodeEnv; fire: () => void; waiting: () => number } {
  let timers: { readonly run: () => void }[] = [];
  const timer = (_delayMs: number, run: () => void) => {
    const one = { run };
    timers.push(one);
    return () => {
      timers = timers.filter((other) => other !== one);
    };
  };
  return {
    env: { ...quiet(), timer },
    fire() {
      for (const { run } of timers.splice(0)) run();
    },
    waiting: () => timers.length,
  };
}

test("a full disk refuses new items, goes on freeing, and resumes by itself", async () => {
  const { env, fire, waiting } = manualTimers();
  const path = join(directory, "t.sqlite");
  const reserved = () => existsSync(`${path}.reserve`);
  const database = open(path, { env, pageCountMax: 300, reserveBytes: 100_000 });
  const statements = database.prepare(({ $client }) => {
    $client.exec("CREATE TABLE blobs (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL)");
    return {
      insert: $client.prepare("INSERT INTO blobs (bytes) VALUES (zeroblob(?))"),
      remove: $client.prepare("DELETE FROM blobs"),
      count: $client.prepare("SELECT count(*) FROM blobs").pluck(),
    };
  });
  const store = (bytes: number) =>
    database.transaction((tx) => void statements(tx).insert.run(bytes));
  await store(1_000);
  fire();
  await vi.waitFor(() => expect(reserved()).toBe(true));
  // The whole group is lost with the closure that found the disk full; the deletion was waiting.
  const outcomes = await Promise.allSettled([
    store(1_000),
    store(2_000_000),
    store(1_000),
    database.transaction((tx) => statements(tx).count.get(), { frees: true }),
  ]);
  const full = { status: "rejected", reason: { code: "storageFull" } };
  expect(outcomes).toMatchObject([full, full, full, { status: "fulfilled", value: 1 }]);
  expect(database.state).toBe("full");
  expect(reserved()).toBe(false);
  expect(await database.read((tx) => statements(tx).count.get())).toBe(1);
  await expect(store(1)).rejects.toMatchObject({ code: "storageFull" });

  // Fill what is left, so that the probe finds nothing, until something is deleted.
  const { $client } = await database.read((tx) => database.sql(tx));
  const insert = $client.prepare("INSERT INTO blobs (bytes) VALUES (zeroblob(?))");
  for (const bytes of [500_000, 100_000, 50_000, 20_000]) {
    expect(() => {
      for (;;) insert.run(bytes);
    }).toThrow("database or disk is full");
  }
  // The checkpoint thread and the probe both come again.
  fire();
  await vi.waitFor(() => expect(waiting()).toBe(2));
  await expect(store(1)).rejects.toMatchObject({ code: "storageFull" });
  await database.transaction((tx) => void statements(tx).remove.run(), { frees: true });
  await expect(store(1)).rejects.toMatchObject({ code: "storageFull" });
  fire();
  await vi.waitFor(() => expect(database.state).toBe("open"));
  expect(reserved()).toBe(true);
  await store(1_000);
  expect(await database.read((tx) => statements(tx).count.get())).toBe(1);
  await database.close();
});

test("a failure of the disk is a crash-stop: nothing is answered as done, ever again", async () => {
  const crashes: unknown[] = [];
  const database = open(join(directory, "t.sqlite"), { onCrash: (error) => crashes.push(error) });
  const ioError = () => new BetterSqlite3.SqliteError("disk I/O error", "SQLITE_IOERR_FSYNC");
  const outcomes = await Promise.allSettled([
    database.transaction(() => 1),
    database.transaction(() => {
      throw ioError();
    }),
    database.transaction(() => 2),
  ]);
  for (const outcome of outcomes) {
    expect(outcome).toMatchObject({ status: "rejected", reason: { name: "StorageFault" } });
  }
  expect(crashes).toMatchObject([{ name: "StorageFault" }]);
  await expect(database.transaction(() => 3)).rejects.toMatchObject({ code: "unavailable" });
  await expect(database.read(() => 3)).rejects.toMatchObject({ code: "unavailable" });
  await database.close();
});

test("a commit that fails for another reason is a crash-stop as well", async () => {
  const crashes: unknown[] = [];
  const database = open(":memory:", { onCrash: (error) => crashes.push(error) });
  await database.transaction((tx) => {
    const { $client } = database.sql(tx);
    $client.exec("CREATE TABLE parent (id INTEGER PRIMARY KEY)");
    $client.exec(
      "CREATE TABLE child (id INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)",
    );
  });
  const insert = database.prepare(({ $client }) =>
    $client.prepare("INSERT INTO child (id) VALUES (7)"),
  );
  // The broken reference is found at COMMIT, when no single closure can be blamed any more.
  await expect(database.transaction((tx) => insert(tx).run())).rejects.toMatchObject({
    name: "StorageFault",
  });
  expect(crashes).toHaveLength(1);
});

test("the log is copied by the checkpoint thread, and closing empties it", async () => {
  const { env, fire } = manualTimers();
  const path = join(directory, "t.sqlite");
  const sizes: number[] = [];
  let seen = (): void => {};
  const reported = new Promise<void>((resolve) => (seen = resolve));
  const gauge = (name: string) => ({
    set(value: number) {
      if (name !== "treehouse_database_log_bytes") return;
      sizes.push(value);
      seen();
    },
    add() {},
  });
  const database = open(path, { env: { ...env, metrics: { ...env.metrics, gauge } } });
  await database.transaction((tx) => {
    database.sql(tx).$client.exec("CREATE TABLE t AS SELECT zeroblob(100000) AS bytes");
  });
  fire();
  await reported;
  expect(sizes[0]).toBeGreaterThan(100_000);
  // Without its log, the database has only what was copied into it.
  const copy = join(directory, "copy.sqlite");
  copyFileSync(path, copy);
  const copied = new BetterSqlite3(copy);
  expect(copied.prepare("SELECT length(bytes) FROM t").pluck().get()).toBe(100_000);
  copied.close();
  await database.close();
});
