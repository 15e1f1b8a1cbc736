import { randomBytes } from "node:crypto";
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import Database from "better-sqlite3";
import { afterAll, expect, test } from "vitest";

import { engineContract } from "../storage/store.contract.ts";
import { openNodeStore, openSqlite } from "./index.ts";

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

const random = (length: number) => new Uint8Array(randomBytes(length));

test("a store that holds something and has lost its key file is refused, and is left as it is", async () => {
  const path = join(directory, "keyless.sqlite");
  const { database, key } = await openNodeStore(path, undefined, random);
  // A key may be lost before the store holds anything: then another one is as good.
  await database.close();
  rmSync(`${path}.key`);
  const again = await openNodeStore(path, undefined, random);
  expect(again.key).not.toEqual(key);
  await again.database.transaction((tx) => tx.run("CREATE TABLE t (a INTEGER)"));
  await again.database.close();
  rmSync(`${path}.key`);
  const before = readFileSync(path);
  await expect(openNodeStore(path, undefined, random)).rejects.toMatchObject({
    code: "storeKeyMissing",
    message: expect.stringContaining(`${path}.key`),
  });
  expect(readdirSync(directory).filter((name) => name.startsWith("keyless"))).toEqual([
    "keyless.sqlite",
  ]);
  expect(readFileSync(path)).toEqual(before);
  await (await openNodeStore(path, again.key, random)).database.close();
});

test.for([
  ["/dev/null/x.sqlite", "its folder is a file"],
  ["/dev/null/x/y.sqlite", "not a directory"],
  [tmpdir(), "illegal operation on a directory"],
] as const)("no store is kept at %s: %s", async ([path, why]) => {
  await expect(openNodeStore(path, undefined, random)).rejects.toMatchObject({
    code: "storeUnwritable",
    message: `no store can be kept at ${path}: ${why}`,
  });
});

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
