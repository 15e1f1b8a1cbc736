import { Refusal } from "@treehouse/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Assertion } from "../assertion.ts";
import { createNodeEnv } from "../env/node-env.ts";
import { openDatabase } from "./open-database.ts";
import type { Database } from "./open-database.ts";
import type { ReadTx, Tx } from "./handle.ts";

/** A database in memory with one table, and what the tests do with it. */
async function openNumbers(pageCountMax?: number): Promise<{
  database: Database;
  add: (tx: Tx, value: number) => Promise<void>;
  all: (tx: ReadTx) => Promise<unknown[]>;
}> {
  const database = openDatabase({
    path: ":memory:",
    env: createNodeEnv({ log: { level: "silent" } }),
    migrations: [],
    onCrash(error) {
      throw error;
    },
    ...(pageCountMax === undefined ? {} : { pageCountMax }),
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
    async add(tx, value) {
      statements(tx).insert.run(value);
    },
    all: async (tx) => statements(tx).select.all(),
  };
}

const refusal = () => new Refusal("conflict", "Something moved.");

test("a refusal takes back its own writes and no others", async () => {
  const { database, add, all } = await openNumbers();
  const outcomes = await Promise.allSettled([
    database.transaction((tx) => add(tx, 1)),
    database.transaction(async (tx) => {
      await add(tx, 2);
      throw refusal();
    }),
    database.transaction((tx) => add(tx, 3)),
  ]);
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(await database.read(all)).toEqual([1, 3]);
  await database.close();
});

test("a constraint that fails takes back the closure that met it and no others", async () => {
  const { database, add, all } = await openNumbers();
  const [, second, third] = await Promise.allSettled([
    database.transaction((tx) => add(tx, 1)),
    database.transaction(async (tx) => {
      await add(tx, 2);
      await add(tx, 1);
    }),
    database.transaction((tx) => add(tx, 3)),
  ]);
  expect(second).toMatchObject({
    status: "rejected",
    reason: { code: "SQLITE_CONSTRAINT_UNIQUE" },
  });
  expect(third?.status).toBe("fulfilled");
  expect(await database.read(all)).toEqual([1, 3]);
  await database.close();
});

test("1,000 random closures commit exactly those that were not refused, in order", async () => {
  const closure = fc.record({
    refused: fc.boolean(),
    writes: fc.integer({ min: 0, max: 3 }),
    awaits: fc.integer({ min: 0, max: 3 }),
    pause: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(closure, { minLength: 250, maxLength: 250 }), async (closures) => {
      const { database, add, all } = await openNumbers();
      const expected: number[] = [];
      const notified: number[] = [];
      const answers: Promise<unknown>[] = [];
      let next = 0;
      for (const [index, { refused, writes, awaits, pause }] of closures.entries()) {
        const values = Array.from({ length: writes }, () => (next += 1));
        if (!refused) expected.push(...values);
        const answer = database.transaction(async (tx) => {
          tx.afterCommit(() => notified.push(index));
          for (const value of values) await add(tx, value);
          for (let turn = 0; turn < awaits; turn += 1) await Promise.resolve();
          if (refused) throw refusal();
          return index;
        });
        answers.push(answer.catch((error: unknown) => error));
        if (pause) await Promise.race([answer.catch(() => {}), Promise.resolve()]);
      }
      const settled = await Promise.all(answers);
      expect(await database.read(all)).toEqual(expected);
      const done = closures.flatMap(({ refused }, index) => (refused ? [] : [index]));
      expect(settled.filter((value) => typeof value === "number")).toEqual(done);
      expect(notified).toEqual(done);
      expect(settled.filter((value) => value instanceof Refusal)).toHaveLength(
        closures.length - done.length,
      );
      await database.close();
    }),
    { numRuns: 4 },
  );
});

test("what is told after the commit comes in order and before any caller is answered", async () => {
  const { database, add } = await openNumbers();
  const told: string[] = [];
  const act = async (name: string, fails: boolean): Promise<void> => {
    await database
      .transaction(async (tx) => {
        tx.afterCommit(() => told.push(`${name} committed`));
        await add(tx, told.length + name.length);
        if (fails) throw refusal();
      })
      .catch(() => {});
    told.push(`${name} answered`);
  };
  await Promise.all([act("a", false), act("bb", true), act("ccc", false)]);
  expect(told).toEqual([
    "a committed",
    "ccc committed",
    "a answered",
    "bb answered",
    "ccc answered",
  ]);
  await database.close();
});

test("what memory noted is taken back before the next closure begins, the last first", async () => {
  const { database, add, all } = await openNumbers();
  // A number is given from memory, as long as memory always knows what is in the table.
  let last = 0;
  const undone: string[] = [];
  const take = (fails: "no" | "after" | "afterAwait", count = 1) =>
    database.transaction(async (tx) => {
      for (let turn = 0; turn < count; turn += 1) {
        const given = (last += 1);
        tx.afterRollback(() => {
          undone.push(`${given}`);
          last = given - 1;
        });
        await add(tx, given);
      }
      if (fails === "afterAwait") await Promise.resolve();
      if (fails !== "no") throw refusal();
    });
  const answers = await Promise.allSettled([
    take("no"),
    take("after", 3),
    take("no"),
    take("afterAwait", 2),
    take("no"),
  ]);
  expect(answers.map(({ status }) => status === "fulfilled")).toEqual([
    true,
    false,
    true,
    false,
    true,
  ]);
  expect(await database.read(all)).toEqual([1, 2, 3]);
  expect(last).toBe(3);
  expect(undone).toEqual(["4", "3", "2", "4", "3"]);
  await database.read((tx) => {
    expect(() => Reflect.apply(Reflect.get(tx, "afterRollback"), tx, [() => {}])).toThrow(
      Assertion,
    );
  });
  await database.close();
});

test("what memory noted is taken back when a full disk loses the whole group", async () => {
  const { database, add, all } = await openNumbers(12);
  let last = 0;
  const take = (tables = 0) =>
    database.transaction(async (tx) => {
      const given = (last += 1);
      tx.afterRollback(() => (last = given - 1));
      await add(tx, given);
      const { $client } = database.sql(tx);
      // Each table takes a page of its own.
      for (let count = 0; count < tables; count += 1) $client.exec(`CREATE TABLE t${count} (x)`);
    });
  await take();
  const answers = await Promise.allSettled([take(), take(), take(12), take()]);
  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 4 }, () => "rejected"));
  expect(await database.read(all)).toEqual([1]);
  expect(last).toBe(1);
  await database.close();
});

test("a read never sees what is not committed, and waits for an open group", async () => {
  const { database, add, all } = await openNumbers();
  let during: Promise<unknown[]> | undefined;
  let release = (): void => {};
  const outside = new Promise<void>((resolve) => (release = resolve));
  // The read below is asked for by other code that runs while the closure is between two steps.
  const asked = (async () => {
    await outside;
    during = database.read(all);
  })();
  await database
    .transaction(async (tx) => {
      await add(tx, 1);
      release();
      for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
      throw refusal();
    })
    .catch(() => {});
  await asked;
  expect(await during).toEqual([]);
  await database.close();
});

test("a transaction is dead after its closure", async () => {
  const { database, add, all } = await openNumbers();
  let kept: Tx | undefined;
  await database.transaction((tx) => {
    kept = tx;
  });
  if (kept === undefined) throw new Error("The closure did not run.");
  await expect(add(kept, 1)).rejects.toThrow(Assertion);
  expect(() => kept?.afterCommit(() => {})).toThrow(Assertion);
  let keptRead: ReadTx | undefined;
  await database.read((tx) => {
    keptRead = tx;
  });
  if (keptRead === undefined) throw new Error("The closure did not run.");
  await expect(all(keptRead)).rejects.toThrow(Assertion);
  await database.close();
});

test("closures do not nest", async () => {
  const { database, add } = await openNumbers();
  await expect(database.transaction(() => database.transaction(() => 1))).rejects.toThrow(
    Assertion,
  );
  await expect(
    database.transaction(async (tx) => {
      await add(tx, 1);
      return database.read(() => 1);
    }),
  ).rejects.toThrow(Assertion);
  await expect(database.read(() => database.transaction(() => 1))).rejects.toThrow(Assertion);
  // The same code may open one closure after the other.
  expect(await database.transaction(() => 1)).toBe(1);
  await database.close();
});

test("a closure that is pending when the event loop turns fails, and others go on", async () => {
  const { database, add, all } = await openNumbers();
  const env = createNodeEnv({ log: { level: "silent" } });
  const forever = () => new Promise<void>((resolve) => env.soon(() => env.soon(resolve)));
  const [first, second] = await Promise.allSettled([
    database.transaction(async (tx) => {
      await add(tx, 1);
      await forever();
      await add(tx, 2);
    }),
    database.transaction((tx) => add(tx, 3)),
  ]);
  expect(first).toMatchObject({ status: "rejected", reason: expect.any(Assertion) });
  expect(second.status).toBe("fulfilled");
  await expect(database.read(forever)).rejects.toThrow(Assertion);
  expect(await database.read(all)).toEqual([3]);
  await database.close();
});

test("everything that arrives in one turn shares commits of at most 256 closures", async () => {
  const env = createNodeEnv({ log: { level: "silent" } });
  const sizes: number[] = [];
  const histogram = env.metrics.histogram.bind(env.metrics);
  const metrics = {
    ...env.metrics,
    histogram: (name: string, help: string) =>
      name.endsWith("group_closures")
        ? { observe: (size: number) => void sizes.push(size) }
        : histogram(name, help),
  };
  const database = openDatabase({
    path: ":memory:",
    env: { ...env, metrics },
    migrations: [],
    onCrash() {},
  });
  await Promise.all(Array.from({ length: 600 }, () => database.transaction(() => {})));
  expect(sizes).toEqual([256, 256, 88]);
  await database.close();
});

test("closing commits what was accepted, refuses the rest, and may be asked for twice", async () => {
  const { database, add } = await openNumbers();
  const accepted = database.transaction((tx) => add(tx, 1));
  const closing = database.close();
  await expect(database.transaction((tx) => add(tx, 2))).rejects.toMatchObject({
    code: "unavailable",
  });
  await Promise.all([accepted, closing, database.close()]);
});
