/** What an app's mistakes come to: a refusal that says what is wrong, and nothing that lasts. */
import { afterAll, beforeAll, expect, test } from "vitest";

import type { Client, Conversation } from "../../src/node.ts";
import { startServer, type TestServer } from "../world/server.ts";

let server: TestServer;
let alice: Client;
let room: Conversation;

beforeAll(async () => {
  server = await startServer();
  alice = await server.register("alice");
  room = await alice.conversations.create({ name: "Tea" });
  await room.send("hello", { topic: "north" });
});

afterAll(() => server[Symbol.asyncDispose]());

type Page = { readonly limit?: number | undefined; readonly before?: number | undefined };

/** Calls that take a page. */
const paged = {
  history: (page: Page) => room.history(page),
  files: (page: Page) => room.files(page),
  audit: (page: Page) => room.audit(page),
  thread: (page: Page) => room.thread("north", page),
  threads: (page: Page) => room.threads(page),
  find: (page: Page) => alice.conversations.find("Tea", page),
};

test("without a limit, or with an undefined one, a page has the length that it has by default", async () => {
  for (const call of Object.values(paged)) {
    expect(await call({ limit: undefined, before: undefined })).toEqual(await call({}));
  }
  expect(await room.history({ limit: undefined })).not.toEqual([]);
});

test.each([Number.NaN, 1.5, -1, Number.POSITIVE_INFINITY])(
  "%d is refused as a limit, and nothing is told of a damaged store",
  async (limit) => {
    for (const call of Object.values(paged)) {
      await expect(call({ limit })).rejects.toMatchObject({ code: "malformed" });
    }
  },
);

test("what is no position is refused as a place of a page", async () => {
  for (const name of ["history", "files", "audit", "thread"] as const) {
    await expect(paged[name]({ before: Number.NaN })).rejects.toMatchObject({ code: "malformed" });
  }
  for (const place of [{ after: 1.5 }, { around: Number.NaN }]) {
    await expect(room.history(place)).rejects.toMatchObject({ code: "malformed" });
  }
});
