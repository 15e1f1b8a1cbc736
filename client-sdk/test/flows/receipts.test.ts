import { afterAll, beforeAll, expect, test } from "vitest";

import type { Client, Conversation } from "../../src/node.ts";
import { startServer, type TestServer } from "../world/server.ts";
import { founded, heard, next, reads } from "../world/waiting.ts";

let server: TestServer;
let alice: Client;
let bob: Client;
let hers: Conversation;
let his: Conversation;

beforeAll(async () => {
  server = await startServer();
  alice = await server.register("alice");
  bob = await server.register("bob");
  const [first, second] = await founded(alice, "Tea", [bob]);
  if (first === undefined || second === undefined) throw new Error("nobody is in the room");
  [hers, his] = [first, second];
});

afterAll(() => server[Symbol.asyncDispose]());

const unreadAt = async (conversation: Conversation) => (await conversation.info()).unread;

test("R-049 FED-831 what was read is told, farther and farther, and counts no more", async () => {
  const first = await hers.send("one");
  await hers.send(`[bob](${bob.me.user}), two`, { format: "markdown" });
  const third = await hers.send("three");
  await reads(bob, his.id, "three");
  expect(await unreadAt(his)).toEqual({ messages: 3, mentions: 1 });
  expect(await unreadAt(hers)).toEqual({ messages: 0, mentions: 0 });
  const told = next(alice, "read");
  await his.markRead(first.position);
  expect(await told).toEqual({ room: hers.id, user: bob.me.user, position: first.position });
  expect(await unreadAt(his)).toEqual({ messages: 2, mentions: 1 });
  const again = next(alice, "read");
  await his.markRead(third.position);
  await again;
  const { position } = third;
  expect(await hers.receipts()).toEqual([
    { address: bob.me.address, read: position, delivered: position },
  ]);
  expect(await unreadAt(his)).toEqual({ messages: 0, mentions: 0 });
  // A report is nothing that anybody says: no history has it, and nobody has to read it.
  expect((await hers.history()).filter(({ kind }) => kind === "message")).toHaveLength(3);
  expect(await unreadAt(hers)).toEqual({ messages: 0, mentions: 0 });
});

test("R-049 what was taken back counts no more", async () => {
  const { id } = await hers.send("never mind");
  await reads(bob, his.id, "never mind");
  const gone = next(bob, "changed");
  await hers.delete(id);
  await gone;
  expect(await unreadAt(his)).toEqual({ messages: 0, mentions: 0 });
});

test("R-036 R-049 who switches receipts off tells nobody, and still counts for themselves", async () => {
  await bob.settings.set({ readReceipts: false });
  const { position } = await hers.send("do you read?");
  await reads(bob, his.id, "do you read?");
  const told = heard(alice, "read");
  const before = (await hers.info()).position;
  await his.markRead(position);
  expect(await unreadAt(his)).toEqual({ messages: 0, mentions: 0 });
  await his.send("I do");
  await reads(alice, hers.id, "I do");
  expect(told).toEqual([]);
  // Nothing else came: what he said stands right behind.
  expect((await hers.info()).position).toBe(before + 1);
});

test("R-049 FED-831 what has reached a client is told, gathered, by whom who wishes that", async () => {
  await bob.settings.set({ deliveryReceipts: true });
  const before = (await hers.info()).position;
  const sent = await Promise.all(["a", "b", "c"].map((text) => hers.send(text)));
  const { id, position } = sent.at(-1) ?? { id: "", position: 0 };
  expect(await hers.delivery(id)).toMatchObject({ read: [], delivered: [] });
  const told = await next(alice, "delivered", (value) => value.position === position);
  expect(told).toEqual({ room: hers.id, user: bob.me.user, position });
  expect(await hers.delivery(id)).toEqual({
    delivered: [bob.me.address],
    read: [],
    waiting: [],
  });
  // Three messages were answered by fewer reports than there are messages.
  expect((await hers.info()).position - before).toBeLessThan(6);
  await expect(hers.delivery("00".repeat(32))).rejects.toMatchObject({ code: "notFound" });
});

test("R-049 a time in the place of a position mutes nothing that comes later", async () => {
  const { acceptedAt } = await hers.send("read by its time");
  await reads(bob, his.id, "read by its time");
  await his.markRead(acceptedAt);
  await his.markThreadRead("north", acceptedAt);
  expect(await unreadAt(his)).toEqual({ messages: 0, mentions: 0 });
  const told = next(bob, "notification");
  await hers.send("what comes later", { topic: "north" });
  await reads(bob, his.id, "what comes later");
  expect(await unreadAt(his)).toEqual({ messages: 1, mentions: 0 });
  await told;
  const wrong: unknown[] = [Number.NaN, Number.POSITIVE_INFINITY, -1, "3", undefined];
  for (const position of wrong) {
    const calls = [his.markRead, (at: never) => his.markThreadRead("north", at)];
    for (const call of calls) {
      await expect(Reflect.apply(call, his, [position])).rejects.toMatchObject({
        code: "malformed",
      });
    }
  }
});
