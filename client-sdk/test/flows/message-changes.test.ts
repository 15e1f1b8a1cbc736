import { randomBytes } from "node:crypto";

import { parseRoomUri, parseUserUri } from "@treehouse/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";

import type { Client, Conversation } from "../../src/node.ts";
import {
  composeDeletion,
  composeEdit,
  composeUnlike,
  readStored,
} from "../../src/messages/index.ts";
import { type LocalStore, openLocalStore } from "../../src/storage/index.ts";
import { openNodeStore } from "../../src/storage-sqlite/index.ts";
import { befriend } from "../world/friends.ts";
import { type FederatedServers, startServers } from "../world/servers.ts";
import { founded, messageIn, next, reads, seen, until } from "../world/waiting.ts";

let servers: FederatedServers;
let alice: Client;
let bob: Client;
let hers: Conversation;
let his: Conversation;

beforeAll(async () => {
  servers = await startServers("one.test", "two.test");
  alice = await servers.at(0).register("alice");
  bob = await servers.at(1).register("bob");
  await befriend(alice, bob);
  const [first, second] = await founded(alice, "Tea", [bob]);
  if (first === undefined || second === undefined) throw new Error("nobody is in the room");
  [hers, his] = [first, second];
});

afterAll(async () => {
  for (const client of [alice, bob]) await client.close();
  await servers[Symbol.asyncDispose]();
});

test("R-051 an edit takes the place of what was said, for all, and keeps its id and answers", async () => {
  const { id } = await hers.send("teh first", { topic: "spelling" });
  await reads(bob, his.id, "teh first");
  const told = next(bob, "changed");
  await hers.edit(id, "**the** first", { format: "markdown" });
  expect(await told).toMatchObject({ messageId: id, change: "edit" });
  const shown = { text: "**the** first", format: "markdown", topic: "spelling", type: "text" };
  expect(await messageIn(his, id)).toMatchObject({ ...shown, editedAt: expect.any(Number) });
  expect(await messageIn(hers, id)).toMatchObject(shown);
  await hers.edit(id, "the very first");
  await seen(bob, his, id, ({ text }) => text === "the very first");
  // Only its author: the client asks the room's rules, and so do those of the others.
  await expect(his.edit(id, "mine now")).rejects.toMatchObject({
    code: "notAllowed",
    help: "Answer it, or send a message of your own.",
  });
  await expect(hers.edit("00".repeat(32), "x")).rejects.toMatchObject({ code: "notFound" });
});

test("R-053 what is said to a message counts once for each person, and is taken back", async () => {
  const { id } = await hers.send("cake?");
  await reads(bob, his.id, "cake?");
  await his.react(id, "🎂");
  await his.react(id, "🎂");
  await hers.react(id, "🎂");
  await hers.react(id, "👍🏽");
  const both = [bob.me.address, alice.me.address];
  expect((await seen(bob, his, id, ({ reactions }) => reactions.length === 2)).reactions).toEqual([
    { emoji: "🎂", by: both },
    { emoji: "👍🏽", by: [alice.me.address] },
  ]);
  await hers.unreact(id, "🎂");
  await hers.unreact(id, "🎂");
  await seen(bob, his, id, ({ reactions }) => reactions[0]?.by.length === 1);
  for (const wrong of ["", "cake", "🎂🎂", "1", "<b>"]) {
    await expect(hers.react(id, wrong)).rejects.toMatchObject({ code: "malformed" });
  }
});

test("R-052 what is taken back is gone from every store, also where somebody was away", async () => {
  const secret = `canary-${randomBytes(8).toString("hex")}`;
  const { id } = await hers.send(secret);
  await hers.edit(id, `${secret} again`);
  await seen(bob, his, id, ({ text }) => text.endsWith("again"));
  await bob.close();
  await hers.delete(id);
  bob = await servers.at(1).open("bob");
  his = await bob.conversations.get(his.id);
  const gone = await seen(bob, his, id, ({ type }) => type === "deleted");
  expect(gone).toMatchObject({ text: "", editedAt: undefined, reactions: [] });
  await expect(his.react(id, "👍")).rejects.toMatchObject({ code: "notFound" });
  for (const [client, name, index] of [
    [alice, "alice", 0],
    [bob, "bob", 1],
  ] as const) {
    await client.close();
    expect(await textIn(servers.at(index).path(name))).not.toContain(secret);
  }
  alice = await servers.at(0).open("alice");
  bob = await servers.at(1).open("bob");
  hers = await alice.conversations.get(hers.id);
  his = await bob.conversations.get(his.id);
});

const random = (length: number) => new Uint8Array(randomBytes(length));

async function withStore<T>(path: string, run: (store: LocalStore) => Promise<T>): Promise<T> {
  const { database, key } = await openNodeStore(path, undefined, random);
  const store = await openLocalStore(database, key, random);
  try {
    return await run(store);
  } finally {
    await store.close();
  }
}

/** Everything that the store's key opens, messages and wishes alike. */
async function textIn(path: string): Promise<string> {
  const bodies = await withStore(path, (store) =>
    store.transaction((tx) => [
      ...tx.intents.list().map(({ body }) => body),
      ...tx.rooms
        .list()
        .flatMap(({ room }) => [
          ...tx.messages.page(room, undefined, 1000).map(({ body }) => body),
          ...tx.messages.contentsWithin(room, 0, 1e6).map(({ body }) => body),
        ]),
    ]),
  );
  return bodies.map((body) => Buffer.from(body).toString("latin1")).join("\n");
}

test("R-056 Markdown names people by their URIs, whatever the link is called", async () => {
  const text = `hello [@Mallory](${bob.me.user}) and [x](mimi://nobody) and [y](https://e.test)`;
  const { id } = await hers.send(text, { format: "markdown" });
  const { mentions } = await seen(bob, his, id);
  expect(mentions).toEqual([bob.me.address]);
  const plain = await hers.send(text);
  expect((await seen(bob, his, plain.id)).mentions).toEqual([]);
});

test("R-052 a message that was taken back before it was handled is handed to nobody", async () => {
  await using carol = await servers.at(0).register("carol");
  const room = await carol.conversations.create({ name: "Quick", members: [alice.me.address] });
  const { id } = await room.send("never mind");
  await room.send("stay");
  await room.delete(id);
  const conversation = await joined(room.id);
  await until(alice, async () => (await messageIn(conversation, id))?.type === "deleted");
  for await (const message of alice.messages({ conversations: [room.id] })) {
    expect(message.text).toBe("stay");
    break;
  }
});

async function joined(id: string): Promise<Conversation> {
  await until(alice, async () => (await alice.conversations.list()).some((one) => one.id === id));
  return alice.conversations.get(id);
}

test("T-04 R-051 what a member makes of others' messages changes nothing, and an owner may delete", async () => {
  const { id } = await hers.send("as it was");
  await reads(bob, his.id, "as it was");
  const reacted = next(alice, "changed");
  await his.react(id, "🙂");
  await reacted;
  await bob.close();
  await withStore(servers.at(1).path("bob"), async (store) => {
    const place = { room: parseRoomUri(his.id), sender: parseUserUri(bob.me.user), random };
    const original = await store.transaction(
      (tx) => tx.messages.contentById(place.room, id)?.body ?? new Uint8Array(),
    );
    const forged = [
      composeEdit(place, { id, original: readStored(original).content, text: "as it never was" }),
      composeDeletion(place, id),
      composeUnlike(place, { reaction: id, id }),
      composeEdit(place, {
        id: "01".repeat(32),
        original: readStored(original).content,
        text: "x",
      }),
    ];
    await store.transaction((tx) => {
      for (const { content } of forged) {
        tx.intents.add({ room: place.room, kind: "send", createdAt: 0, body: content });
      }
    });
  });
  bob = await servers.at(1).open("bob");
  his = await bob.conversations.get(his.id);
  const last = await his.send("that was me");
  await until(alice, async () => (await messageIn(hers, last.id)) !== undefined);
  const { type, text, editedAt, reactions } = (await messageIn(hers, id)) ?? {};
  expect([type, text, editedAt]).toEqual(["text", "as it was", undefined]);
  expect(reactions).toEqual([{ emoji: "🙂", by: [bob.me.address] }]);
  await expect(his.delete(id)).rejects.toMatchObject({ code: "notAllowed" });
  await hers.delete(last.id);
  await seen(bob, his, last.id, (message) => message.type === "deleted");
});

test("the helper that looks into stores finds what is there", async () => {
  await hers.send("canary-of-the-helper");
  await alice.close();
  expect(await textIn(servers.at(0).path("alice"))).toContain("canary-of-the-helper");
  alice = await servers.at(0).open("alice");
});
