import { afterAll, beforeAll, expect, test } from "vitest";

import type { Client, Conversation } from "../../src/node.ts";
import { befriend } from "../world/friends.ts";
import type { FederatedServers } from "../world/servers.ts";
import { startServers } from "../world/servers.ts";
import { founded, heard, joinedBy, next, reads, textsIn, until } from "../world/waiting.ts";

// Alice owns what is founded here on her own server; Bob is on another one.
let servers: FederatedServers;
let alice: Client;
let anna: Client;
let bob: Client;

beforeAll(async () => {
  servers = await startServers("one.test", "two.test");
  alice = await servers.at(0).register("alice");
  anna = await servers.at(0).register("anna");
  bob = await servers.at(1).register("bob");
  await befriend(alice, bob);
  await befriend(anna, bob);
});

afterAll(async () => {
  for (const client of [alice, anna, bob]) await client.close();
  await servers[Symbol.asyncDispose]();
});

async function roleOf(conversation: Conversation, { me }: Client): Promise<string | undefined> {
  return (await conversation.members()).find(({ address }) => address === me.address)?.role;
}

test("R-063 R-073 roles are given by who may, for all to see, and nobody raises themselves", async () => {
  const [room, annas, bobs] = await founded(alice, "roles", [anna, bob]);
  if (room === undefined || annas === undefined || bobs === undefined) throw new Error("missing");
  const refused = { code: "notAllowed" };
  await expect(annas.setRole([bob.me.address], "admin")).rejects.toMatchObject(refused);
  await expect(annas.setRole([anna.me.address], "admin")).rejects.toMatchObject(refused);
  await expect(room.setRole([anna.me.address], "king")).rejects.toMatchObject({ code: "notFound" });
  const told = next(bob, "policy", ({ roles }) => roles.length > 0);
  await room.setRole([anna.me.address], "admin");
  expect(await told).toMatchObject({
    room: room.id,
    by: alice.me.user,
    roles: [{ user: anna.me.user, role: "admin" }],
  });
  for (const seat of [room, annas, bobs]) expect(await roleOf(seat, anna)).toBe("admin");
  await until(anna, async () => (await annas.policy()).ownRole === "admin");
  expect((await annas.policy()).may).toContain("ban");

  await room.defineRole({ name: "guide", like: "member", allow: ["pinMessage", "addParticipant"] });
  await room.setRole([bob.me.address], "guide");
  await until(bob, async () => (await bobs.policy()).ownRole === "guide");
  const pinned = await bobs.send("read this");
  await bobs.pin(pinned.id);
  await until(alice, async () => (await room.pinned()).length === 1);
  await expect(room.removeRole("guide")).rejects.toMatchObject({ code: "malformed" });
  await expect(annas.defineRole({ name: "guide", deny: ["pinMessage"] })).rejects.toMatchObject(
    refused,
  );
  await room.setRole([bob.me.address], "member");
  await room.removeRole("guide");
  await room.setLimits({ maxUsers: 3 });
  expect(await room.policy()).toMatchObject({ maxUsers: 3, defaultRole: "member" });
  await room.setLimits({ maxUsers: null, severalClients: false });
  expect(await room.policy()).toMatchObject({ maxUsers: undefined, severalClients: false });
  await room.setDefaultRole("admin");
  expect(await roleOf(room, bob)).toBe("member");
});

test("R-077 whoever is banned is out with all clients, and stays out until it is lifted", async () => {
  const [room, annas, bobs] = await founded(alice, "ban", [anna, bob]);
  if (room === undefined || annas === undefined || bobs === undefined) throw new Error("missing");
  await expect(annas.ban([bob.me.address])).rejects.toMatchObject({ code: "notAllowed" });
  await room.setRole([anna.me.address], "admin");
  await until(anna, async () => (await annas.policy()).ownRole === "admin");
  const gone = next(bob, "removed", ({ room: id }) => id === room.id);
  const told = next(alice, "policy", ({ banned }) => banned.length > 0);
  await annas.ban([bob.me.address]);
  await gone;
  expect(await told).toMatchObject({ by: anna.me.user, banned: [bob.me.user] });
  const { banned } = await room.policy();
  expect(banned).toMatchObject([{ address: bob.me.address }]);
  await expect(room.add([bob.me.address])).rejects.toMatchObject({ code: "banned" });
  await expect(room.ban([alice.me.address])).rejects.toMatchObject({ code: "notAllowed" });
  await room.unban(banned.map(({ tag }) => tag));
  expect((await room.policy()).banned).toEqual([]);
  await room.add([bob.me.address]);
  await joinedBy(bob, room.id);
  await room.send("welcome back");
  await reads(bob, room.id, "welcome back");
});

test("R-075 who is silenced reads and cannot write, and nothing of theirs goes out by itself", async () => {
  const [room, , bobs] = await founded(alice, "silence", [anna, bob]);
  if (room === undefined || bobs === undefined) throw new Error("missing");
  const silenced = next(bob, "policy", (change) => change.silenced.length > 0);
  await room.silence([bob.me.address]);
  await silenced;
  const faults = heard(bob, "fault");
  await expect(bobs.send("I object")).rejects.toMatchObject({ code: "muted" });
  await room.send("order");
  await reads(bob, room.id, "order");
  await bobs.markRead((await bobs.info()).position);
  expect((await room.policy()).silenced).toMatchObject([
    { address: bob.me.address, until: undefined },
  ]);
  await bobs.leave();
  await until(alice, async () => (await room.members()).length === 2);
  await room.add([bob.me.address]);
  const again = await joinedBy(bob, room.id);
  await expect(again.send("still?")).rejects.toMatchObject({ code: "muted" });
  const spoken = next(bob, "policy", ({ unsilenced }) => unsilenced.length > 0);
  await room.unsilence([bob.me.address]);
  await spoken;
  await again.send("thank you");
  await reads(alice, room.id, "thank you");
  expect(faults).toEqual([]);
});

test("R-069 in an announcement room members read, and only who leads or speaks writes", async () => {
  const room = await alice.conversations.create({
    name: "news",
    kind: "announcement",
    members: [anna.me.address, bob.me.address],
  });
  const bobs = await joinedBy(bob, room.id);
  const annas = await joinedBy(anna, room.id);
  await room.send("the news");
  await reads(bob, room.id, "the news");
  await bobs.markRead((await bobs.info()).position);
  await expect(bobs.send("a word")).rejects.toMatchObject({ code: "notAllowed" });
  await room.setRole([anna.me.address], "speaker");
  await until(anna, async () => (await annas.policy()).ownRole === "speaker");
  await annas.send("more news");
  await reads(bob, room.id, "more news");
  expect(await textsIn(bobs)).toEqual(["the news", "more news"]);
});

test("the only owner stays one, and who is not in is given no role", async () => {
  const [room] = await founded(alice, "owned", [anna]);
  if (room === undefined) throw new Error("missing");
  await expect(room.setRole([alice.me.address], "member")).rejects.toMatchObject({
    code: "notAllowed",
  });
  await expect(room.setRole(["ghost@one.test"], "admin")).rejects.toMatchObject({
    code: "notFound",
  });
  expect([await roleOf(room, alice), await roleOf(room, anna)]).toEqual(["owner", "member"]);
});
