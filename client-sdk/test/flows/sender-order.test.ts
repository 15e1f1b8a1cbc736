import {
  type Bytes,
  decodeContent,
  fromHex,
  parseRoomUri,
  parseUserUri,
  type SenderLink,
} from "@treehouse/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";

import type { Client, Conversation } from "../../src/node.ts";
import { composeText, readStored } from "../../src/messages/index.ts";
import { type Forgery, forge, random, withStore } from "../world/forge.ts";
import { password, startServer, type TestServer } from "../world/server.ts";
import { founded, heard, joinedBy, reads, textsIn } from "../world/waiting.ts";

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

const contentOf = (name: string, id: string): Promise<Bytes> =>
  withStore(server.path(name), (store) =>
    store.transaction((tx) => {
      const row = tx.messages.contentById(parseRoomUri(hers.id), id);
      if (row === undefined) throw new Error("there is no such message");
      return readStored(row.body).content;
    }),
  );

const countedBy = (name: string, client: string) =>
  withStore(server.path(name), (store) =>
    store.transaction((tx) => {
      const clients = tx.senderChains.list(parseRoomUri(hers.id));
      return clients.find((one) => one.client === client)?.state;
    }),
  );

const forgery = (content: Bytes, link: SenderLink | undefined): Forgery => ({
  content,
  salt: decodeContent(content).salt,
  link,
});

test("T-03 T-04 T-13 T-14 FED-826 FED-827 FED-828 FED-829 members neither replay nor impersonate", async () => {
  const said = await hers.send("transfer 5 to Bob");
  await reads(bob, his.id, "transfer 5 to Bob");
  const first = await his.send("one");
  const second = await his.send("two");
  await reads(alice, hers.id, "two");
  await bob.close();
  const client = bob.me.client;
  expect(await countedBy("bob", client)).toMatchObject({ counter: 2, messageId: second.id });

  const place = { room: parseRoomUri(hers.id), sender: parseUserUri(bob.me.user), random };
  const text = (words: string) => composeText(place, { text: words });
  const link = (counter: number, id: string, previous: string): SenderLink => ({
    counter,
    messageId: fromHex(id),
    previous: fromHex(previous),
  });
  const [late, far, odd, old, last] = ["late", "far", "odd", "old", "last"].map(text);
  if (!late || !far || !odd || !old || !last) throw new Error("there are five");
  const hersAgain = await contentOf("bob", said.id);
  const mineAgain = await contentOf("bob", first.id);
  await forge(server.path("bob"), his.id, [
    // Another one's words, under this member's signature, with and without a place.
    { ...forgery(hersAgain, link(3, said.id, second.id)), believed: text("a").content },
    { ...forgery(hersAgain, undefined), believed: text("b").content },
    // The own words of before: at their place, and at a new one.
    forgery(mineAgain, link(1, first.id, "00".repeat(32))),
    forgery(mineAgain, link(3, first.id, second.id)),
    // The place of another message.
    forgery(text("not mine").content, link(4, second.id, first.id)),
    // Two are left out, of which one comes later; and one follows what was never sent.
    forgery(far.content, link(6, far.id, first.id)),
    forgery(late.content, link(5, late.id, first.id)),
    forgery(odd.content, link(7, odd.id, late.id)),
    // An older release says nothing of all this.
    forgery(old.content, undefined),
    forgery(last.content, link(8, last.id, odd.id)),
  ]);
  const orders = heard(alice, "senderOrder");
  const faults = heard(alice, "fault");
  bob = await server.open("bob");
  his = await bob.conversations.get(his.id);
  await reads(alice, hers.id, "last");
  expect(orders.map(({ kind, from, to }) => [kind, from, to])).toEqual([
    ["repeated", 1, 1],
    ["gap", 4, 5],
    ["reordered", 5, 5],
    ["forked", 7, 7],
  ]);
  expect(orders[0]).toMatchObject({ room: hers.id, client, address: bob.me.address });
  const wrong = Array.from({ length: 3 }, () => "contentInvalid");
  expect(faults.map(({ code }) => code)).toEqual(wrong);
  const all = ["transfer 5 to Bob", "one", "two", "far", "late", "odd", "old", "last"];
  expect(await textsIn(hers)).toEqual(all);
});

test("T-14 each client of a user counts for itself, over restarts", async () => {
  const orders = heard(bob, "senderOrder");
  const store = server.path("second");
  const second = await server.open("alice", { store, password, login: true });
  const there = await joinedBy(second, hers.id);
  await there.send("from the second");
  await alice.close();
  alice = await server.open("alice");
  hers = await alice.conversations.get(hers.id);
  await hers.send("after a restart");
  await there.send("from the second again");
  await reads(bob, his.id, "from the second again");
  expect(orders).toEqual([]);
  await bob.close();
  expect(await countedBy("bob", alice.me.client)).toMatchObject({ counter: 2, missing: [] });
  expect(await countedBy("bob", second.me.client)).toMatchObject({ counter: 2, missing: [] });
});

test("T-14 what others said while somebody was out is no gap to them when they come back", async () => {
  const carol = await server.register("carol");
  const [room, theirs] = await founded(alice, "Gap", [carol]);
  if (room === undefined || theirs === undefined) throw new Error("nobody is in the room");
  const told = heard(carol, "senderOrder");
  await room.send("before");
  await reads(carol, room.id, "before");
  await room.remove([carol.me.address]);
  await carol.caughtUp();
  await room.send("while she is out");
  await room.add([carol.me.address]);
  await room.send("after");
  await reads(carol, room.id, "after");
  expect(await textsIn(theirs)).toEqual(["before", "after"]);
  expect(told).toEqual([]);
  await carol.close();
});

test("FED-828 who passed over entries takes anew from where each one goes on, and nothing twice", async () => {
  const dave = await server.register("dave");
  const [room, there] = await founded(alice, "Anew", [dave]);
  if (room === undefined || there === undefined) throw new Error("nobody is in the room");
  const first = await there.send("one");
  await there.send("two");
  await reads(alice, room.id, "two");
  const orders = heard(alice, "senderOrder");
  await room.rejoin();
  await reads(dave, room.id, "two");
  await dave.caughtUp();
  await dave.close();
  // As a store does that was put back, and that nothing has told how many it has sent.
  const place = { room: parseRoomUri(room.id), sender: parseUserUri(dave.me.user), random };
  const said = composeText(place, { text: "said anew" });
  const again = await withStore(server.path("dave"), (store) =>
    store.transaction((tx) => {
      const row = tx.messages.contentById(place.room, first.id);
      if (row === undefined) throw new Error("there is no such message");
      return readStored(row.body).content;
    }),
  );
  const before = { messageId: fromHex(first.id), previous: fromHex("00".repeat(32)) };
  await forge(server.path("dave"), room.id, [
    { content: again, salt: decodeContent(again).salt, link: { counter: 1, ...before } },
    {
      content: said.content,
      salt: decodeContent(said.content).salt,
      link: { counter: 2, messageId: fromHex(said.id), previous: before.messageId },
    },
  ]);
  await (await server.open("dave")).caughtUp();
  await reads(alice, room.id, "said anew");
  expect(orders).toEqual([]);
  expect(await textsIn(room)).toEqual(["one", "two", "said anew"]);
});
