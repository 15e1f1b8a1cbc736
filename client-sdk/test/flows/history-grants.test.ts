import {
  encodeContent,
  historyGrantContent,
  parseDomain,
  parseRoomUri,
  parseUserUri,
  userUri,
} from "@treehouse/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";

import type { Client, Conversation } from "../../src/node.ts";
import { forge, random } from "../world/forge.ts";
import { startServer, type TestServer } from "../world/server.ts";
import { heard, joinedBy, next, reads, textsIn } from "../world/waiting.ts";

let server: TestServer;
let alice: Client;
let bob: Client;
beforeAll(async () => {
  server = await startServer();
  alice = await server.register("alice");
  bob = await server.register("bob");
});
afterAll(() => server[Symbol.asyncDispose]());

const granted = (client: Client) =>
  next(client, "history", ({ from, state }) => from === "member" && state === "complete");

async function tellersIn(conversation: Conversation) {
  const items = await conversation.history({ limit: 200 });
  return items.flatMap((item) =>
    item.kind === "message" ? [[item.text.slice(0, 10), item.senderAddress, item.toldBy]] : [],
  );
}

test("R-058 FED-1070 FED-1071 who joins is told the last days by a member, where the room grants it", async () => {
  const room = await alice.conversations.create({ name: "Tea", members: ["bob@localhost"] });
  const atBob = await joinedBy(bob, room.id);
  const gone = await room.send("taken back before anybody came");
  await room.send("before");
  await atBob.send("from bob");
  await reads(alice, room.id, "from bob");
  const { id } = await room.send("frist");
  await room.edit(id, "first");
  await room.delete(gone.id);
  await reads(bob, room.id, "first");

  // Nothing is granted until somebody who may says so.
  expect(await room.historyDays()).toBe(0);
  await expect(atBob.setHistoryDays(7)).rejects.toMatchObject({ code: "notAllowed" });
  await expect(room.setHistoryDays(367)).rejects.toMatchObject({ code: "limitExceeded" });
  await using carol = await server.register("carol");
  const silent = heard(carol, "history");
  await room.add(["carol@localhost"]);
  const atCarol = await joinedBy(carol, room.id);

  await room.setHistoryDays(7);
  expect(await room.historyDays()).toBe(7);
  await using dave = await server.register("dave");
  const told = granted(dave);
  await room.add(["dave@localhost"]);
  const atDave = await joinedBy(dave, room.id);
  await told;
  expect(await tellersIn(atDave)).toEqual([
    ["before", "alice@localhost", "alice@localhost"],
    ["from bob", "bob@localhost", "alice@localhost"],
    ["first", "alice@localhost", "alice@localhost"],
  ]);
  // What is granted to one is for nobody else, and stands in nobody's history.
  await room.send("after");
  await reads(dave, room.id, "after");
  await reads(carol, room.id, "after");
  expect(await textsIn(atCarol)).toEqual(["after"]);
  expect(silent).toEqual([]);
  expect(await textsIn(atDave)).toEqual(["before", "from bob", "first", "after"]);

  // What is too long for a message comes as an asset of the room.
  const long = "x".repeat(30_000);
  for (let at = 0; at < 3; at += 1) await room.send(`${at} ${long}`);
  await using erin = await server.register("erin");
  const more = granted(erin);
  await room.add(["erin@localhost"]);
  const atErin = await joinedBy(erin, room.id);
  await more;
  expect((await tellersIn(atErin)).slice(-2)).toEqual([
    ["1 xxxxxxxx", "alice@localhost", "alice@localhost"],
    ["2 xxxxxxxx", "alice@localhost", "alice@localhost"],
  ]);
});

test("R-058 FED-1071 a member whose program ended before its turn tells when it is there again", async () => {
  const adder = await server.register("adder");
  const { id } = await adder.conversations.create({ name: "Brief", members: [] });
  const room = await adder.conversations.get(id);
  await room.setHistoryDays(7);
  await room.send("earlier");
  await using joiner = await server.register("joiner");
  await room.add(["joiner@localhost"]);
  await adder.close();
  const atJoiner = await joinedBy(joiner, id);
  expect(await tellersIn(atJoiner)).toEqual([]);
  const told = granted(joiner);
  await using again = await server.open("adder");
  await told;
  expect(await tellersIn(atJoiner)).toEqual([["earlier", again.me.address, again.me.address]]);
});

test("FED-1071 who announces grants for commits to come keeps nobody from what a room grants", async () => {
  const mallory = await server.register("mallory");
  const room = await alice.conversations.create({ name: "Plot", members: ["mallory@localhost"] });
  await joinedBy(mallory, room.id);
  await room.setHistoryDays(7);
  const { position } = await room.send("said before");
  await reads(mallory, room.id, "said before");
  const self = parseUserUri(mallory.me.user);
  await mallory.close();
  const to = [userUri(parseDomain("localhost"), "victim")];
  const empty = { to, since: 0, id: random(16), key: random(32), pieces: [] };
  const grants = Array.from({ length: 20 }, (_, at) => {
    const grant = { ...empty, position: position + 15 + at };
    const [salt, roomUri] = [random(16), parseRoomUri(room.id)];
    const content = encodeContent(historyGrantContent({ grant, salt, senderUri: self, roomUri }));
    return { content, salt, link: undefined };
  });
  await forge(server.path("mallory"), room.id, grants);
  await using again = await server.open("mallory");
  const atMallory = await again.conversations.get(room.id);
  await atMallory.send("announced");
  await reads(alice, room.id, "announced");
  await using victim = await server.register("victim");
  const told = granted(victim);
  await room.add(["victim@localhost"]);
  const atVictim = await joinedBy(victim, room.id);
  await told;
  expect(await textsIn(atVictim)).toContain("said before");
});
