import { Refusal } from "@treehouse/protocol";
import { expect, test } from "vitest";
import { createNodeEnv } from "../env/node-env.ts";
import type { ReadTx, Tx } from "./handle.ts";
import { openDatabase } from "./open-database.ts";

async function openNumbers() {
  const database = openDatabase({
    path: ":memory:",
    env: createNodeEnv({ log: { level: "silent" } }),
    migrations: [],
    onCrash(error) {
      throw error;
    },
  });
  await database.transaction((tx) => {
    database.sql(tx).$client.exec("CREATE TABLE numbers (value INTEGER NOT NULL UNIQUE) STRICT");
  });
  const statements = database.prepare(({ $client }) => ({
    insert: $client.prepare("INSERT INTO numbers (value) VALUES (?)"),
    select: $client.prepare("SELECT value FROM numbers ORDER BY rowid").pluck(),
  }));
  return {
    database,
    add: async (tx: Tx, value: number) => void statements(tx).insert.run(value),
    all: async (tx: ReadTx) => statements(tx).select.all(),
  };
}

const refusal = () => new Refusal("conflict", "Something moved.");

test("closures that may run twice do so only if one of them throws, and memory never counts twice", async () => {
  const { database, add, all } = await openNumbers();
  let last = 0;
  const runs: string[] = [];
  const take = (name: string, fails = false) =>
    database.transaction(
      async (tx) => {
        runs.push(name);
        const before = last;
        tx.afterRollback(() => (last = before));
        last += 1;
        await add(tx, last);
        if (fails) throw refusal();
        return last;
      },
      { repeatable: true },
    );
  expect(await Promise.all([take("a"), take("b"), take("c")])).toEqual([1, 2, 3]);
  expect(runs.splice(0)).toEqual(["a", "b", "c"]);
  const answers = await Promise.allSettled([
    take("d"),
    take("e", true),
    take("f"),
    database.transaction((tx) => add(tx, 100)),
    take("g"),
  ]);
  expect(answers.map(({ status }) => status === "fulfilled")).toEqual([
    true,
    false,
    true,
    true,
    true,
  ]);
  expect(runs.splice(0)).toEqual(["d", "e", "d", "e", "f", "g"]);
  expect(last).toBe(6);
  // Behind one that may not run twice nobody does.
  await Promise.allSettled([
    database.transaction((tx) => add(tx, 101)),
    take("h"),
    take("i", true),
    take("j"),
  ]);
  expect(runs).toEqual(["h", "i", "j"]);
  expect(await database.read(all)).toEqual([1, 2, 3, 4, 5, 100, 6, 101, 7, 8]);
  await database.close();
});
