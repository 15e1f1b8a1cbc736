import { afterAll, beforeAll, expect, test } from "vitest";

import type { Client, Conversation } from "../../src/node.ts";
import { befriend } from "../world/friends.ts";
import { password } from "../world/server.ts";
import { type FederatedServers, startServers } from "../world/servers.ts";
import { founded, joinedBy, next, reads, textsIn, until } from "../world/waiting.ts";

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
const rooms = process.env["TREEHOUSE_SCALE"] === "full" ? 15 : 1;

async function clientsIn(room: Conversation): Promise<readonly string[]> {
  return (await room.members()).flatMap(({ clients }) => clients);
}

/** Until somebody sees that a client is in a conversation no more. */
async function goneFrom(witness: Client, room: string, client: string): Promise<void> {
  const conversation = await witness.conversations.get(room);
  await until(witness, async () => !(await clientsIn(conversation)).includes(client));
}

test("R-028 a revoked client is shut out at once, and of every room on both servers", async () => {
  const lost = await anotherClient("lost");
  const stays = await anotherClient("stays");
  const own: string[] = [];
  for (let count = 0; count < rooms; count += 1) {
    own.push((await founded(alice, `here ${count}`, [bob]))[0]?.id ?? "");
    own.push((await founded(bob, `there ${count}`, [alice]))[0]?.id ?? "");
  }
  for (const room of own) await joinedBy(lost, room);
  const ended = next(lost, "loginRequired");
  const told = next(stays, "clientsChanged", ({ removed }) => removed.length > 0);
  const revoked = await alice.clients.revoke(lost.me.client, { password });
  expect(revoked).toMatchObject({ client: lost.me.client, current: false });

  await ended;
  await expect(lost.sessions.list()).rejects.toMatchObject({ code: "sessionEnded" });
  expect(await told).toMatchObject({ removed: [lost.me.client], added: [] });
  expect((await alice.clients.list()).map(({ client }) => client)).toEqual(
    [alice.me.client, stays.me.client].toSorted(),
  );
  for (const room of own) {
    await goneFrom(bob, room, lost.me.client);
    await (await bob.conversations.get(room)).send(`after in ${room}`);
    await Promise.all([alice, stays].map((client) => reads(client, room, `after in ${room}`)));
    // The store of the lost one stands where it stood: nothing came to it any more.
    expect(await textsIn(await lost.conversations.get(room))).toEqual([]);
  }
  await Promise.all([lost.close(), stays.close()]);
});

test("R-028 who has lost the only client comes back into every room with another one", async () => {
  const carol = await servers.at(0).register("carol");
  await befriend(carol, bob);
  const here = (await founded(carol, "carols", [bob]))[0]?.id ?? "";
  const there = (await founded(bob, "bobs", [carol]))[0]?.id ?? "";
  await carol.close();
  // The new one is not in any room yet when it revokes the one that is.
  const store = servers.at(0).path("carols-second");
  const fresh = { store, password, login: true };
  const offline = await servers.at(0).open("carol", { ...fresh, offline: true });
  await offline.clients.revoke(carol.me.client, { password });
  await offline.close();
  await expect(servers.at(0).open("carol", { password, login: true })).rejects.toMatchObject({
    code: "unknownClient",
    help: expect.stringContaining("an empty store"),
  });
  for (const room of [here, there]) await (await bob.conversations.get(room)).send("meanwhile");

  const back = await servers.at(0).open("carol", { store });
  for (const room of [here, there]) {
    await joinedBy(back, room);
    await goneFrom(bob, room, carol.me.client);
    await (await bob.conversations.get(room)).send(`welcome back in ${room}`);
    await reads(back, room, `welcome back in ${room}`);
  }
  expect(await back.clients.list()).toHaveLength(1);
  await back.close();
});
