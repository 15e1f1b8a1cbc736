/** What an app's mistakes come to: a refusal that says what is wrong, and nothing that lasts. */
import { afterAll, beforeAll, expect, test } from "vitest";

import { type Client, type Conversation, PASSWORD_LIMITS } from "../../src/node.ts";
import { password, startServer, type TestServer } from "../world/server.ts";
import { founded, next } from "../world/waiting.ts";

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

const { passwordCharactersMin, passwordBytesMax } = PASSWORD_LIMITS;

test.each([
  ["empty", "", "passwordCharactersMin"],
  ["tiny", "a".repeat(passwordCharactersMin - 1), "passwordCharactersMin"],
  ["short, of characters with two code units", "🐴".repeat(9), "passwordCharactersMin"],
  ["long", "a".repeat(passwordBytesMax + 1), "passwordBytesMax"],
  ["huge", "a".repeat(70_000), "passwordBytesMax"],
])("a password that is %s is set by no call, and the refusal names the limit", async (...row) => {
  const [, newPassword, limitName] = row;
  const refusal = { code: "malformed", data: { limitName } };
  const changed = alice.account.changePassword({ oldPassword: password, newPassword });
  await expect(changed).rejects.toMatchObject(refusal);
  const recoveryKey = await alice.recovery.create({ password });
  const reset = alice.recovery.resetPassword({ recoveryKey, newPassword });
  await expect(reset).rejects.toMatchObject(refusal);
  const registered = server.open("bob", { password: newPassword, register: {} });
  await expect(registered).rejects.toMatchObject(
    newPassword === "" ? { code: "passwordRequired" } : refusal,
  );
});

test("the longest and the shortest password are taken, and one that is longer than any is wrong", async () => {
  const long = "a".repeat(passwordBytesMax);
  const short = "🐴".repeat(passwordCharactersMin);
  await alice.account.changePassword({ oldPassword: password, newPassword: long });
  await alice.account.changePassword({ oldPassword: long, newPassword: short });
  const wrong = { oldPassword: "a".repeat(70_000), newPassword: password };
  await expect(alice.account.changePassword(wrong)).rejects.toMatchObject({ code: "loginFailed" });
  await alice.account.changePassword({ oldPassword: short, newPassword: password });
});

test("who has asked to leave is told to wait for being out before the conversation is forgotten", async () => {
  await using carol = await server.register("carol");
  const dora = await server.register("dora");
  const [, theirs] = await founded(dora, "Left", [carol]);
  if (theirs === undefined) throw new Error("nobody is there");
  await dora.close();
  await theirs.leave();
  await expect(theirs.forget()).rejects.toMatchObject({
    code: "conflict",
    message: expect.stringContaining("wait for the event `removed`"),
  });
  const removed = next(carol, "removed");
  await using again = await server.open("dora");
  await again.caughtUp();
  await removed;
  await theirs.forget();
  expect((await carol.conversations.list()).map(({ id }) => id)).not.toContain(theirs.id);
});
