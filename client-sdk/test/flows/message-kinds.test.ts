import { createServer } from "node:http";

import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { z } from "zod";

import { type Client, type Conversation, defineContent, type Message } from "../../src/node.ts";
import { befriend } from "../world/friends.ts";
import { type FederatedServers, startServers } from "../world/servers.ts";
import { founded, messageIn, next, reads, seen } from "../world/waiting.ts";

let servers: FederatedServers;
let alice: Client;
let bob: Client;
let carol: Client;
let hers: Conversation;
let his: Conversation;
let carols: Conversation;

beforeAll(async () => {
  servers = await startServers("one.test", "two.test");
  alice = await servers.at(0).register("alice");
  carol = await servers.at(0).register("carol");
  bob = await servers.at(1).register("bob");
  await befriend(alice, bob);
  const [first, second, third] = await founded(alice, "Tea", [bob, carol]);
  if (!first || !second || !third) throw new Error("nobody is in the room");
  [hers, his, carols] = [first, second, third];
});

afterAll(async () => {
  for (const client of [alice, bob, carol]) await client.close();
  await servers[Symbol.asyncDispose]();
});

test("R-046 FED-833 messages are pinned for all by whose role permits it, and unpinned", async () => {
  const { id } = await hers.send("the rules of tea");
  await seen(bob, his, id);
  await expect(his.pin(id)).rejects.toMatchObject({ code: "notAllowed" });
  const told = next(bob, "changed");
  await hers.pin(id);
  await hers.pin(id);
  expect(await told).toMatchObject({ messageId: id, change: "pin" });
  expect((await his.pinned()).map(({ text }) => text)).toEqual(["the rules of tea"]);
  expect(await messageIn(his, id)).toMatchObject({ pinned: true });
  await hers.unpin(id);
  await seen(bob, his, id, ({ pinned }) => !pinned);
  expect(await his.pinned()).toEqual([]);
  await expect(hers.pin("00".repeat(32))).rejects.toMatchObject({ code: "notFound" });
  const gone = await hers.send("pinned and gone");
  await hers.pin(gone.id);
  await hers.delete(gone.id);
  expect(await hers.pinned()).toEqual([]);
});

test("FED-834 FED-835 a poll counts the last vote of each, alike for all, until it ends", async () => {
  const question = { question: "Cake?", options: ["yes", "no", "both"] };
  const { id } = await hers.createPoll(question, { topic: "sweets" });
  const poll = await seen(bob, his, id);
  expect(poll).toMatchObject({
    type: "poll",
    topic: "sweets",
    text: "Cake?\n1. yes\n2. no\n3. both",
  });
  for (const wrong of [[3], [5], [-1], [0.5], [0, 1], [0, 0]]) {
    await expect(his.vote(id, wrong)).rejects.toMatchObject({ code: "malformed" });
  }
  await seen(carol, carols, id);
  await carols.vote(id, [1]);
  await his.vote(id, [0]);
  await his.vote(id, [2]);
  await hers.vote(id, [2]);
  const three = (message: Message) =>
    message.type === "poll" && message.poll.voters === 3 && message.poll.votes[2]?.count === 2;
  for (const [client, conversation] of [
    [alice, hers],
    [bob, his],
    [carol, carols],
  ] as const) {
    const { poll: state } = z
      .looseObject({ poll: z.unknown() })
      .parse(await seen(client, conversation, id, three));
    expect(state).toMatchObject({
      votes: [
        { count: 0, by: [] },
        { count: 1, by: [carol.me.address] },
        { count: 2, by: [bob.me.address, alice.me.address] },
      ],
      ended: false,
    });
  }
  await expect(his.endPoll(id)).rejects.toMatchObject({ code: "notAllowed" });
  // Whoever goes has voted all the same, and the question stays as it was.
  await hers.remove([carol.me.address]);
  await hers.edit(id, "something else");
  await hers.endPoll(id);
  const ended = await seen(bob, his, id, (one) => one.type === "poll" && one.poll.ended);
  expect(ended).toMatchObject({ editedAt: undefined, poll: { voters: 3, question: "Cake?" } });
  await expect(his.vote(id, [])).rejects.toMatchObject({ code: "notAllowed" });

  const secret = await his.createPoll({ ...question, multiple: true, anonymous: true });
  await seen(alice, hers, secret.id);
  await hers.vote(secret.id, [0, 1]);
  const votes = await his
    .poll(secret.id)
    .then(() => seen(bob, his, secret.id, (one) => one.type === "poll" && one.poll.voters === 1));
  expect(votes).toMatchObject({
    poll: { votes: [{ count: 1, by: [] }, { count: 1 }, { count: 0 }] },
  });
  await expect(his.createPoll({ question: "?", options: ["one"] })).rejects.toMatchObject({
    code: "malformed",
  });
  await expect(his.createPoll({ ...question, closesAt: 5 })).rejects.toMatchObject({
    code: "malformed",
  });
  const closesAt = Date.now() + 500;
  const over = await his.createPoll({ ...question, closesAt });
  await seen(alice, hers, over.id);
  await vi.waitUntil(() => Date.now() > closesAt);
  await expect(hers.vote(over.id, [0])).rejects.toMatchObject({ code: "notAllowed" });
  await expect(hers.poll((await hers.send("x")).id)).rejects.toMatchObject({ code: "notFound" });
});

test("FED-837 a message is forwarded into another conversation, with its source or without", async () => {
  const { id } = await his.send("said **once**", { format: "markdown" });
  await seen(alice, hers, id);
  const other = await alice.conversations.create({ name: "Other" });
  const named = await hers.forward(id, other.id, { nameSource: true });
  expect(await messageIn(other, named.id)).toMatchObject({
    text: "said **once**",
    format: "markdown",
    sender: alice.me.user,
    forwarded: { from: bob.me.address, at: expect.any(Number) },
  });
  const again = await other.forward(named.id, other.id, { nameSource: true });
  expect(await messageIn(other, again.id)).toMatchObject({ forwarded: { from: bob.me.address } });
  const bare = await hers.forward(id, other.id);
  expect(await messageIn(other, bare.id)).toMatchObject({
    forwarded: { from: undefined, at: undefined },
  });
});

test("R-056 FED-839 everyone and roles are named by whom the rules permit, and otherwise nobody", async () => {
  const all = (id: string) => `[@all](${id}) and [owners](${id}#role=4)`;
  await expect(his.send(all(his.id), { format: "markdown" })).rejects.toMatchObject({
    code: "notAllowed",
  });
  const before = (await his.info()).unread;
  const { id } = await hers.send(all(hers.id), { format: "markdown" });
  const named = await seen(bob, his, id);
  expect(named).toMatchObject({ mentionsEveryone: true, mentionedRoles: [4] });
  const { mentions } = (await his.info()).unread;
  expect(mentions).toBe(before.mentions + 1);
  const plain = await hers.send(all(hers.id));
  expect(await seen(bob, his, plain.id)).toMatchObject({ mentionsEveryone: false });
});

test("FED-832 a program's own content arrives as it was, and with words for all others", async () => {
  const move = defineContent("application/vnd.example.move+json", z.object({ to: z.string() }));
  const { id } = await hers.send(move.make({ to: "e4" }, "moves to e4"), { topic: "chess" });
  const message = await seen(bob, his, id);
  expect(message).toMatchObject({
    type: "unknown",
    text: "moves to e4",
    topic: "chess",
    mediaType: move.mediaType,
  });
  expect(move.read(message)).toEqual({ to: "e4" });
  const other = defineContent("application/vnd.example.other", z.string());
  expect(other.read(message)).toBeUndefined();
  const broken = { mediaType: move.mediaType, content: new Uint8Array([1]), fallback: "?" };
  expect(move.read(await seen(bob, his, (await hers.send(broken)).id))).toBeUndefined();
});

test("FED-838 R-055 a preview is the sender's word, and whoever gets it asks nobody", async () => {
  let asked = 0;
  const page = createServer((_request, response) => {
    asked += 1;
    response.end();
  });
  await new Promise<void>((resolve) => page.listen(0, "127.0.0.1", resolve));
  const address = page.address();
  const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}/a`;
  const preview = { url, title: "Cake", description: "All of it" };
  const { id } = await hers.send(`look: ${url}.`, { preview });
  expect(await seen(bob, his, id)).toMatchObject({
    text: `look: ${url}.`,
    type: "text",
    preview: { ...preview, isInText: true },
  });
  const trap = await hers.send("look: https://bank.test/", { preview });
  expect(await seen(bob, his, trap.id)).toMatchObject({ preview: { isInText: false } });
  expect(asked).toBe(0);
  await new Promise((resolve) => void page.close(resolve));
  const wrong = { ...preview, url: "file:///etc/passwd" };
  await expect(hers.send("x", { preview: wrong })).rejects.toMatchObject({ code: "malformed" });
});

test("R-054 threads are listed with what is unread in each, and left", async () => {
  await hers.send("first", { topic: "north" });
  const { position } = await hers.send("second", { topic: "north" });
  await hers.send("elsewhere", { topic: "south" });
  await reads(bob, his.id, "elsewhere");
  const topics = async () => (await his.threads({ limit: 2 })).map(({ topic }) => topic);
  expect(await topics()).toEqual(["south", "north"]);
  const north = async () => (await his.threads()).find(({ topic }) => topic === "north");
  expect(await north()).toMatchObject({ messages: 2, following: false, unread: { messages: 0 } });
  await his.followThread("north", true);
  expect(await north()).toMatchObject({ following: true, unread: { messages: 2, mentions: 0 } });
  await his.markThreadRead("north", position - 1);
  expect(await north()).toMatchObject({ unread: { messages: 1 } });
  const { id } = await his.send("me too", { topic: "north" });
  await his.react(id, "🙂");
  await his.followThread("north", false);
  expect(await north()).toMatchObject({ messages: 3, following: false, unread: { messages: 0 } });
  expect((await his.thread("north")).map(({ text }) => text)).toEqual([
    "first",
    "second",
    "me too",
  ]);
  const texts = (await his.thread("north", { before: position, limit: 5 })).map(({ text }) => text);
  expect(texts).toEqual(["first"]);
  const answer = await his.send("and so?", { inReplyTo: id });
  const { messages, cut } = await his.replies(answer.id);
  expect([messages.map(({ text }) => text), cut]).toEqual([["me too", "and so?"], undefined]);
});

test("R-037 drafts are kept for each conversation and thread, and go with what they answer", async () => {
  const { id } = await hers.send("answer me");
  await seen(bob, his, id);
  await his.setDraft({ text: "dear Al" });
  await his.setDraft({ text: "well", inReplyTo: id }, "letters");
  expect(await his.draft()).toEqual({ text: "dear Al" });
  expect(await his.draft("letters")).toEqual({ text: "well", inReplyTo: id });
  await hers.delete(id);
  await seen(bob, his, id, ({ type }) => type === "deleted");
  expect(await his.draft("letters")).toBeUndefined();
  await his.setDraft(undefined);
  expect(await his.draft()).toBeUndefined();
  const long = { text: "x".repeat(30_000) };
  await expect(his.setDraft(long)).rejects.toMatchObject({
    code: "limitExceeded",
    data: { limitName: "draftsBytesMax" },
  });
});
