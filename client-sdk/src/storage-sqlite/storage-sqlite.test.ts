import { randomBytes } from "node:crypto";
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import Database from "better-sqlite3";
import { afterAll, expect, test } from "vitest";

import { engineContract } from "../storage/store.contract.ts";
import { openSqlite } from "./index.ts";

const directory = mkdtempSync(join(tmpdir(), "treehouse-store-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

engineContract({
  open: async (name) => openSqlite(join(directory, name)),
  octets: async (name) =>
    readdirSync(directory)
      .filter((file) => file === name || file.startsWith(`${name}-`))
      .map((file) => new Uint8Array(readFileSync(join(directory, file)))),
  random: (length) => new Uint8Array(randomBytes(length)),
});

/** What a copy of some files of a store says that is open: they are there as they would be after a death. */
function rowsIn(name: string, endings: readonly string[]): unknown {
  const copy = join(directory, `${name}-copy-${randomBytes(4).toString("hex")}`);
  for (const ending of endings) copyFileSync(join(directory, name + ending), copy + ending);
  const database = new Database(copy);
  try {
    return database.prepare("SELECT count(*) FROM t").pluck().get();
  } finally {
    database.close();
  }
}

test("what is written soon outlives the process, and is out of the log once it is settled", async () => {
  const name = "soon.sqlite";
  const database = openSqlite(join(directory, name));
  await database.transaction((tx) => tx.run("CREATE TABLE t (a INTEGER)"));
  await database.settle();
  const put = (durability: "durable" | "soon") =>
    database.transaction((tx) => tx.run("INSERT INTO t VALUES (1)"), durability);
  await put("soon");
  await put("durable");
  await put("soon");
  expect(rowsIn(name, ["", "-wal"])).toBe(3);
  await database.settle();
  expect(rowsIn(name, [""])).toBe(3);
  await database.close();
  await database.settle();
});
