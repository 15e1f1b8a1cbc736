import { afterAll, beforeAll, expect, test } from "vitest";

import type { Client } from "../../src/node.ts";
import { befriend } from "../world/friends.ts";
import { password } from "../world/server.ts";
import { type FederatedServers, startServers } from "../world/servers.ts";
import { founded, joinedBy, next, reads, until } from "../world/waiting.ts";

let servers: FederatedServers;
let alice: Client;
let bob: Client;

beforeAll(async () => {
  servers = await startServers("one.example", "two.example");
  alice = await servers.at(0).register("alice");
  bob = await servers.at(1).register("bob");
  await befriend(bob, alice);
});

afterAll(async () => {
  await Promise.all([alice.close(), bob.close()]);
  await servers[Symbol.asyncDispose]();
});

/** A further client of Alice, with the password alone. */
function anotherClient(name: string): Promise<Client> {
  return servers.at(0).open("alice", { store: servers.at(0).path(name), password, login: true });
}

/** How many rooms on each of the two servers; in full the size that issue 4 names. */
const rooms = process.env["TREEHOUSE_SCALE"] === "full" ? 15 : 2;
const clients = process.env["TREEHOUSE_SCALE"] === "full" ? 4 : 1;

test("a new client joins every room of its user by itself, on both servers, and reads what comes", async () => {
  const further: Client[] = [];
  for (let count = 0; count < clients; count += 1) further.push(await anotherClient(`a${count}`));
  const own: string[] = [];
  for (let count = 0; count < rooms; count += 1) {
    own.push((await founded(alice, `here ${count}`, [bob]))[0]?.id ?? "");
    own.push((await founded(bob, `there ${count}`, [alice]))[0]?.id ?? "");
  }
  const fresh = await anotherClient("fresh");
  for (const room of own) await joinedBy(fresh, room);
  // What they are called is for members alone, and comes from the user's other clients.
  const named = async () => (await fresh.conversations.list()).map(({ name }) => name);
  await until(fresh, async () => (await named()).every((name) => name !== ""));
  expect(await named()).toContain("here 0");
  for (const room of own) {
    const conversation = await bob.conversations.get(room);
    await conversation.send(`hello in ${room}`);
  }
  for (const room of own) await reads(fresh, room, `hello in ${room}`);
  // What the new client says is read by all others, the first client of its own user among them.
  const [first = ""] = own;
  await (await fresh.conversations.get(first)).send("from the new one");
  await Promise.all([
    reads(bob, first, "from the new one"),
    reads(alice, first, "from the new one"),
  ]);
  const listed = await fresh.clients.list();
  expect(listed).toHaveLength(clients + 2);
  expect(listed.filter(({ current }) => current)).toMatchObject([{ client: fresh.me.client }]);
  for (const client of [...further, fresh]) await client.close();
});

test("R-027 a room that one client founds, or is added to, is there on all clients of its users", async () => {
  const tablet = await anotherClient("tablet");
  const desk = await servers.at(1).open("bob", {
    store: servers.at(1).path("desk"),
    password,
    login: true,
  });
  const [room] = await founded(alice, "from the phone", [bob, tablet]);
  const id = room?.id ?? "";
  await joinedBy(desk, id);
  await (await tablet.conversations.get(id)).send("on the tablet");
  await Promise.all([alice, bob, desk].map((client) => reads(client, id, "on the tablet")));
  const own = await alice.conversations.create({ name: "notes to self" });
  await joinedBy(tablet, own.id);

  // One that has no KeyPackage, as after a revocation, comes in by itself at its next connection.
  await tablet.close();
  const spare = (await alice.clients.list()).find(
    ({ client }) => client !== alice.me.client && client !== tablet.me.client,
  );
  await alice.clients.revoke(spare?.client ?? "", { password });
  const late = await alice.conversations.create({ name: "meanwhile" });
  const back = await servers.at(0).open("alice", { store: servers.at(0).path("tablet") });
  const joined = await joinedBy(back, late.id);
  expect((await joined.info()).status).toBe("joined");
  // Bob has missed several versions of Alice's list, which her own server shows to his.
  const [all] = await founded(bob, "with all of them", [alice, back]);
  expect(all?.id).toBeDefined();
  await Promise.all([back.close(), desk.close()]);
});

test("who comes or goes with several clients is named once, in the event and in the history", async () => {
  const further = await anotherClient("one more");
  const room = await bob.conversations.create({ name: "One more" });
  const came = next(bob, "membership", ({ added }) => added.length > 0);
  await room.add([alice.me.address]);
  expect((await came).added).toEqual([alice.me.user]);
  const went = next(bob, "membership", ({ removed }) => removed.length > 0);
  await room.remove([alice.me.address]);
  expect((await went).removed).toEqual([alice.me.user]);
  const events = (await room.history()).filter(({ kind }) => kind === "membership");
  const { address } = alice.me;
  expect(events.slice(-2)).toMatchObject([{ added: [address] }, { removed: [address] }]);
  await further.close();
});
