import { join } from "node:path";

import BetterSqlite3 from "better-sqlite3";
import { afterAll, beforeAll, expect, test } from "vitest";

import type { Client, Conversation, PresenceChoice } from "../../src/node.ts";
import { befriend } from "../world/friends.ts";
import { password } from "../world/server.ts";
import { type FederatedServers, startServers } from "../world/servers.ts";
import { founded, heard, joinedBy, next, persist, reads } from "../world/waiting.ts";

let servers: FederatedServers;
let alice: Client;
let bob: Client;
let carol: Client;
/** Of Alice and Bob, hosted by the first server. */
let together = "";

beforeAll(async () => {
  servers = await startServers("one.example", "two.example");
  alice = await servers.at(0).register("alice");
  carol = await servers.at(0).register("carol");
  bob = await servers.at(1).register("bob");
  await befriend(bob, alice);
  together = (await alice.conversations.dm(bob.me.address)).id;
  await joinedBy(bob, together);
});

afterAll(async () => {
  for (const client of [alice, bob, carol]) await client.close();
  await servers[Symbol.asyncDispose]();
});

/** Resolves once a client was told that somebody is there so, and does what nobody did before. */
const sees = (client: Client, other: Client, wanted: PresenceChoice) =>
  next(
    client,
    "presence",
    ({ address, state, activity }) =>
      address === other.me.address && state === wanted.state && activity === wanted.activity,
  );

/** Chooses a presence again and again until a contact has seen it. */
async function show(other: Client, to: Client, wanted: PresenceChoice): Promise<void> {
  await persist(sees(to, other, wanted), () => other.presence.set(wanted));
}

/** Says that one writes, whenever it was said last. */
async function type(conversation: Conversation): Promise<void> {
  await conversation.typing(false);
  await conversation.typing();
}

test("R-038 R-040 R-041 contacts of two servers see how they are there, from the moment that they come", async () => {
  await show(alice, bob, { state: "online" });
  // Who comes later asks, and is answered.
  await show(bob, alice, { state: "dnd", activity: "reading" });
  expect(await alice.presence.of(bob.me.address)).toMatchObject({ state: "dnd" });
  // A process that begins anew learns of the others without anybody's doing.
  await bob.close();
  const again = await servers.at(1).open("bob");
  const back = sees(again, alice, { state: "online" });
  const seen = sees(alice, again, { state: "online" });
  await again.presence.set({ state: "online" });
  await Promise.all([back, seen]);
  bob = again;
});

test("R-050 typing is seen in a group over two servers, and ends with the message", async () => {
  await befriend(bob, carol);
  const [room, atBob, atCarol] = await founded(alice, "Tea", [bob, carol]);
  if (room === undefined || atBob === undefined || atCarol === undefined)
    throw new Error("no room");
  const begins = [alice, carol].map((client) =>
    next(client, "typing", ({ room: id, on }) => id === room.id && on),
  );
  const address = bob.me.address;
  for (const told of await persist(Promise.all(begins), () => type(atBob))) {
    expect(told).toEqual({ room: room.id, address, on: true });
  }
  const ends = next(alice, "typing", ({ on }) => !on);
  await atBob.send("there");
  expect(await ends).toEqual({ room: room.id, address, on: false });
  const back = next(bob, "typing", ({ room: id }) => id === room.id);
  expect(await persist(back, () => type(atCarol))).toEqual({
    room: room.id,
    address: carol.me.address,
    on: true,
  });
});

test("R-040 nobody but contacts is told, neither in a group nor alone", async () => {
  const [group] = await founded(alice, "All", [carol, bob]);
  if (group === undefined) throw new Error("no room");
  const alone = await alice.conversations.dm(carol.me.address);
  await joinedBy(carol, alone.id);
  const toCarol = heard(carol, "presence");
  await show(alice, bob, { state: "idle", activity: "for Bob alone" });
  // What comes later in the same conversations shows that nothing else is on its way.
  await alone.send("after");
  await group.send("after");
  await Promise.all([reads(carol, alone.id, "after"), reads(carol, group.id, "after")]);
  expect(toCarol).toEqual([]);
  expect((await carol.presence.of(alice.me.address)).state).toBe("offline");
  expect((await alice.presence.list()).map(({ address }) => address)).toEqual([bob.me.address]);
});

test("R-038 R-050 no row of either server tells of it", async () => {
  const room = await alice.conversations.get(together);
  await room.send("before");
  await reads(bob, together, "before");
  const before = [rowsOf(0), rowsOf(1)];
  for (const activity of ["one", "two", "three"]) {
    await show(alice, bob, { state: "online", activity });
  }
  const begins = next(bob, "typing", ({ on }) => on);
  await persist(begins, () => type(room));
  // What was read meanwhile may go; nothing comes.
  for (const [index, counts] of before.entries()) {
    const now = rowsOf(index);
    const grown = Object.keys(counts).filter((name) => (now[name] ?? 0) > (counts[name] ?? 0));
    expect(grown).toEqual([]);
  }
});

/** How many rows there are of messages, rooms and what goes to other servers. */
function rowsOf(index: number): Readonly<Record<string, number>> {
  const path = join(servers.at(index).directory, "data", "treehouse.sqlite");
  const database = new BetterSqlite3(path, { readonly: true });
  const names = database
    .prepare<[], { name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'")
    .all()
    .map(({ name }) => name)
    .filter((name) => /^(delivery|federation)_|^queuing_entries/.test(name));
  const counts = names.map((name) => {
    const row = database.prepare<[], { count: number }>(`SELECT count(*) AS count FROM "${name}"`);
    return [name, row.get()?.count ?? -1] as const;
  });
  const newest = database.prepare<[], { id: number }>("SELECT max(id) AS id FROM queuing_entries");
  const entry = ["the newest entry", newest.get()?.id ?? -1] as const;
  database.close();
  expect(counts.length).toBeGreaterThan(10);
  return Object.fromEntries([...counts, entry]);
}

test("R-040 who is removed as a contact is told nothing more", async () => {
  const dana = await servers.at(0).register("dana");
  await befriend(alice, dana);
  const room = await alice.conversations.dm(dana.me.address);
  await joinedBy(dana, room.id);
  await show(alice, dana, { state: "online", activity: "for Dana, too" });
  const after = heard(dana, "presence");
  const gone = next(dana, "contact", ({ state }) => state !== "mutual");
  await alice.contacts.remove(dana.me.address);
  await gone;
  await alice.presence.set({ state: "dnd" });
  await room.send("after");
  await reads(dana, room.id, "after");
  expect(after.filter(({ state }) => state !== "offline")).toEqual([]);
  expect((await dana.presence.of(alice.me.address)).state).toBe("offline");
  await dana.close();
});

test("R-038 clients of one user are told apart, and none is told of the others", async () => {
  const phone = await servers
    .at(0)
    .open("alice", { store: servers.at(0).path("phone"), password, login: true });
  await joinedBy(phone, together);
  await show(alice, bob, { state: "dnd", activity: "at the laptop" });
  const own = heard(phone, "presence");
  const walking = { state: "online", activity: "walking" } as const;
  await persist(sees(bob, alice, walking), () => phone.presence.set(walking));
  expect(own.filter(({ address }) => address === alice.me.address)).toEqual([]);
  await phone.close();
});
