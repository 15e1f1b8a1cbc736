import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { parseRoomLink } from "@treehouse/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";

import { type Client, type Conversation } from "../../src/node.ts";
import { type FederatedServers, startServers } from "../world/servers.ts";
import { heard, next, textsIn, until } from "../world/waiting.ts";

let servers: FederatedServers;
let alice: Client;
let bob: Client;
let carol: Client;

beforeAll(async () => {
  servers = await startServers("a.example", "b.example");
  alice = await servers.at(0).register("alice");
  bob = await servers.at(1).register("bob");
  carol = await servers.at(0).register("carol");
});

afterAll(async () => {
  for (const client of [alice, bob, carol]) await client.close();
  await servers[Symbol.asyncDispose]();
});

const roleOf = async (room: Conversation, client: Client) =>
  (await room.members()).find(({ address }) => address === client.me.address)?.role;

test("R-072 a link lets people of two servers in while everybody in the room is offline", async () => {
  const room = await alice.conversations.create({ name: "Kitchen" });
  const { link, id, role, createdBy, usesMax } = await room.links.create({ uses: 2 });
  expect({ role, createdBy, usesMax }).toEqual({
    role: "member",
    createdBy: alice.me.address,
    usesMax: 2,
  });
  expect(link).not.toMatch(/\s/);
  expect(await room.links.list()).toMatchObject([{ id, uses: 0 }]);
  await alice.close();
  const secret = Buffer.from(parseRoomLink(link).seed ?? "no seed");
  expect(secret).toHaveLength(32);

  const came = await bob.conversations.join(link);
  expect(came.id).toBe(room.id);
  const info = await came.info();
  expect(info).toMatchObject({ name: "Kitchen", status: "joined" });
  expect(info.members.map(({ address }) => address).toSorted()).toEqual(
    [alice.me.address, bob.me.address].toSorted(),
  );
  await came.send("nobody is here");
  const told = heard(bob, "membership");
  const second = await carol.conversations.join(` ${link}\n`);
  await second.send("but me");
  await until(bob, async () => (await textsIn(came)).includes("but me"));
  expect(told).toMatchObject([{ by: carol.me.user, added: [carol.me.user], way: "link" }]);
  // Both uses are gone, whoever has the link.
  await bob.close();
  bob = await servers.at(1).open("bob");
  const dave = await servers.at(1).register("dave");
  await expect(dave.conversations.join(link)).rejects.toMatchObject({ code: "linkUsedUp" });
  // The hub has counted over both servers, and says so at each.
  const listed = await (await bob.conversations.get(room.id)).links.list();
  expect(listed).toMatchObject([{ id, link: undefined, uses: 2, usesMax: 2 }]);
  // Who is in comes in no second time.
  expect((await carol.conversations.join(link)).id).toBe(room.id);

  alice = await servers.at(0).open("alice");
  await alice.caughtUp();
  const back = await alice.conversations.get(room.id);
  expect(await textsIn(back)).toEqual(["nobody is here", "but me"]);
  await back.send("welcome");
  const bobs = await bob.conversations.get(room.id);
  await until(bob, async () => (await textsIn(bobs)).includes("welcome"));
  await dave.close();
  // No server was ever told the link's secret.
  for (const server of [servers.at(0), servers.at(1)]) {
    const data = join(server.directory, "data");
    const files = readdirSync(data, { withFileTypes: true })
      .filter((one) => one.isFile())
      .map((one) => readFileSync(join(data, one.name)));
    expect(files.some((octets) => octets.includes(bob.me.user))).toBe(true);
    expect(files.some((octets) => octets.includes(secret))).toBe(false);
  }
});

test("R-072 FED-1085 of people of two servers who come at once for the last use one comes in", async () => {
  const room = await alice.conversations.create({ name: "Cellar" });
  const { link } = await room.links.create({ uses: 1 });
  const came = await Promise.allSettled(
    [bob, carol].map((client) => client.conversations.join(link)),
  );
  expect(came.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
  expect(came.find((one) => one.status === "rejected")?.reason).toMatchObject({
    code: "linkUsedUp",
  });
  expect(await room.links.list()).toMatchObject([{ uses: 1 }]);
});

test("R-072 T-18 revoked and expired links, other rooms' and broken ones are refused by what is wrong", async () => {
  const room = await alice.conversations.create({ name: "Shed" });
  const revoked = await room.links.create();
  const short = await room.links.create({ lastsMs: 1 });
  await room.links.revoke(revoked.id.slice(0, 12));
  await expect(room.links.revoke(revoked.id)).rejects.toMatchObject({ code: "notFound" });
  const codeOf = (link: string) =>
    bob.conversations.join(link).then(
      () => "joined",
      (error: { readonly code: string }) => error.code,
    );
  expect(await codeOf(revoked.link)).toBe("linkInvalid");
  expect(await codeOf(short.link)).toBe("linkExpired");
  expect(await codeOf(await room.links.address())).toBe("notMember");
  expect(await codeOf(revoked.link.slice(0, -5))).toBe("malformed");
  expect(await codeOf("https://a.example/join")).toBe("malformed");
  expect(parseRoomLink(await room.links.address()).seed).toBeUndefined();
  expect(await bob.conversations.list()).toEqual(
    expect.not.arrayContaining([expect.objectContaining({ id: room.id })]),
  );
  // A member may make none.
  const { link } = await room.links.create();
  const members = await bob.conversations.join(link);
  await expect(members.links.create()).rejects.toMatchObject({ code: "notAllowed" });
  await expect(room.links.create({ role: "owner" })).rejects.toMatchObject({ code: "notAllowed" });
  await expect(room.links.create({ role: "king" })).rejects.toMatchObject({ code: "notFound" });
});

test("R-072 FED-1086 a link for admins makes its bearers admins; who left comes back by a link", async () => {
  const room = await alice.conversations.create({ name: "Attic" });
  const { link } = await room.links.create({ role: "admin", lastsMs: null });
  const bobs = await bob.conversations.join(link);
  await until(alice, async () => (await roleOf(room, bob)) === "admin");
  // What an admin may do.
  const { link: plain } = await bobs.links.create();
  const carols = await carol.conversations.join(plain);
  expect(await roleOf(carols, carol)).toBe("member");
  await carols.send("before");
  const gone = next(carol, "removed");
  await carols.leave();
  await gone;
  const again = await carol.conversations.join(plain);
  await again.send("after");
  await until(bob, async () => (await textsIn(bobs)).includes("after"));
  expect(await textsIn(again)).toEqual(["before", "after"]);
  // A member who has it takes the role as well.
  await carol.conversations.join(link);
  await until(alice, async () => (await roleOf(room, carol)) === "admin");
});

test("FED-1090 FED-1091 who knocks is heard by those who may answer, and comes in once admitted", async () => {
  const room = await alice.conversations.create({ name: "Porch" });
  const { link } = await room.links.create();
  const carols = await carol.conversations.join(link);
  const address = await room.links.address();
  // Whom she has looked up she knows.
  await alice.contacts.find(bob.me.address);
  const atAlice = next(alice, "knock");
  const atCarol = heard(carol, "knock");
  expect(await bob.conversations.knock(address)).toBe("waiting");
  expect(await bob.conversations.knock(address)).toBe("waiting");
  expect(await atAlice).toEqual({
    room: room.id,
    user: bob.me.user,
    address: bob.me.address,
    identity: "known",
  });
  expect(await room.knocks.list()).toMatchObject([{ address: bob.me.address, identity: "known" }]);
  await expect(carols.knocks.list()).rejects.toMatchObject({ code: "notAllowed" });
  await room.knocks.decline(bob.me.address);
  expect(await room.knocks.list()).toEqual([]);
  await expect(room.knocks.admit(bob.me.address)).rejects.toMatchObject({ code: "notFound" });

  const dave = await servers.at(1).register("dave2");
  const again = next(alice, "knock");
  await dave.conversations.knock(address);
  expect((await again).identity).toBe("unknown");
  await room.knocks.admit(dave.me.address);
  expect(await dave.conversations.knock(address)).toBe("joined");
  const daves = await dave.conversations.get(room.id);
  expect((await daves.info()).name).toBe("Porch");
  expect(await roleOf(daves, dave)).toBe("member");
  await daves.send("thank you");
  await until(carol, async () => (await textsIn(carols)).includes("thank you"));
  // What let dave in lets in nobody else, and those who were not admitted are outside.
  expect(await bob.conversations.knock(address)).toBe("waiting");
  expect(atCarol).toEqual([]);
  const pair = await alice.conversations.dm(carol.me.address);
  await expect(bob.conversations.knock(await pair.links.address())).rejects.toMatchObject({
    code: "notMember",
  });
  await dave.close();
});

test("FED-1099 knocks of the blocked and the banned are not shown, nor those that were taken back", async () => {
  const room = await alice.conversations.create({ name: "Barn" });
  const address = await room.links.address();
  const known = async () => (await room.knocks.list()).map((one) => one.address);
  for (const client of [bob, carol]) {
    const told = next(alice, "knock", (one) => one.room === room.id);
    await client.conversations.knock(address);
    await told;
  }
  expect(await known()).toEqual([bob.me.address, carol.me.address]);
  await alice.contacts.block(bob.me.address);
  expect(await known()).toEqual([carol.me.address]);
  await expect(room.knocks.admit(bob.me.address)).rejects.toMatchObject({ code: "notFound" });
  await alice.contacts.unblock(bob.me.address);
  await room.ban([carol.me.address]);
  expect(await known()).toEqual([bob.me.address]);
  await expect(room.knocks.admit(carol.me.address)).rejects.toMatchObject({ code: "notFound" });
  await expect(carol.conversations.knock(address)).resolves.toBe("waiting");
  await bob.conversations.withdrawKnock(address);
  await expect(bob.conversations.withdrawKnock(address)).rejects.toMatchObject({
    code: "notFound",
  });
  // The knock and its taking back are the two of a day.
  const sent = await bob.conversations.knock(address).catch((error: unknown) => error);
  expect(sent).toMatchObject({ code: "rateLimited" });
  await alice.caughtUp();
  expect(await known()).toEqual([]);
});

test("FED-1083 an open conversation takes whoever has its address, but for the banned", async () => {
  const square = await alice.conversations.create({ name: "Square", kind: "open" });
  const address = await square.links.address();
  const told = next(alice, "membership", ({ room }) => room === square.id);
  const bobs = await bob.conversations.join(address);
  expect((await told).way).toBe("open");
  expect((await bobs.info()).name).toBe("Square");
  const gone = next(bob, "removed", ({ room }) => room === square.id);
  const { link } = await square.links.create();
  await square.ban([bob.me.address]);
  await gone;
  for (const way of [address, link]) {
    await expect(bob.conversations.join(way)).rejects.toMatchObject({ code: "banned" });
  }
});
