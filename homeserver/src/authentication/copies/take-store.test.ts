import { mintClientUri, parseDomain, toBase64Url, userUri } from "@treehouse/protocol";
import { expect, test } from "vitest";
import { createNodeEnv } from "../../platform/env/node-env.ts";
import { migrationsOf, openDatabase } from "../../platform/index.ts";
import { createStoreMarks } from "./store.sqlite.ts";
import { takeStore } from "./take-store.ts";

const mark = (value: number): string => toBase64Url(new Uint8Array(16).fill(value));

test("a request of a process that is gone, however late it comes, is no copy; a copy is", async () => {
  const env = createNodeEnv({ log: { level: "silent" } });
  const database = openDatabase({
    path: ":memory:",
    env,
    migrations: [migrationsOf("authentication")],
    onCrash: (error) => {
      throw error;
    },
  });
  let restored = 0;
  const nothing = (): never => {
    throw new Error("nothing was put back");
  };
  const keyPackages = {
    deleteOf: nothing,
    deleteStockOf: async () => void (restored += 1),
    forgetUser: nothing,
    wasHandedTo: nothing,
  };
  const context = {
    env,
    database,
    marks: createStoreMarks(database),
    neighbours: { current: { keyPackages } },
  };
  const user = userUri(parseDomain("example.org"), "alice");
  const session = { user, client: mintClientUri(user, (length) => env.random(length)) };
  const take = (marks: readonly number[], isConnected: boolean): Promise<unknown> => {
    const claim = { marks: marks.map((each) => mark(each)), running: false, isConnected };
    return takeStore(context, session, claim);
  };

  await take([1], false);
  await take([1, 2], false);
  await take([1, 2, 3], false);
  for (const isConnected of [true, false]) {
    await expect(take([1], isConnected)).rejects.toMatchObject({ code: "storeCopied" });
    await expect(take([1, 2], isConnected)).rejects.toMatchObject({ code: "storeCopied" });
  }
  expect(await take([1, 2, 3], false)).toEqual({ store: "known", copiedAt: undefined });

  // One whose request never came before that of the next.
  await take([1, 2, 3, 5, 6], false);
  await expect(take([1, 2, 3, 5], true)).rejects.toMatchObject({ code: "storeCopied" });
  expect(await take([1, 2, 3, 5, 6], true)).toEqual({ store: "known", copiedAt: undefined });

  await expect(take([1, 2, 9], true)).rejects.toMatchObject({ code: "storeCopied" });
  // The same once more, late, while nobody is connected: its process was refused, and has stopped.
  await expect(take([1, 2, 9], false)).rejects.toMatchObject({ code: "storeCopied" });
  expect(await take([1, 2, 3, 5, 6, 4], false)).toMatchObject({ copiedAt: expect.any(Number) });
  expect(restored).toBe(0);
  // Opened again, it is the one that goes on.
  expect(await take([1, 2, 9, 10], false)).toMatchObject({ store: "restored" });
  expect(restored).toBe(1);
  await database.close();
});
