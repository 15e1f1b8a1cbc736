import { join } from "node:path";

import BetterSqlite3 from "better-sqlite3";
import { expect, test } from "vitest";

import { befriend } from "../world/friends.ts";
import type { RunningServer } from "../world/server.ts";
import { startServers } from "../world/servers.ts";
import { joinedBy, next, reads, textsIn, until } from "../world/waiting.ts";

test("R-015 R-014 two people on two servers find each other, agree, and converse both ways", async () => {
  await using servers = await startServers("one.test", "two.test");
  await using alice = await servers.at(0).register("alice");
  await using bob = await servers.at(1).register("bob");
  const found = await alice.contacts.find("bob@two.test");
  expect(found.clients).toHaveLength(1);
  await expect(
    alice.conversations.create({ name: "Tea", members: ["bob@two.test"] }),
  ).rejects.toMatchObject({ code: "noConsent" });
  const asked = next(bob, "contact");
  await alice.contacts.request("bob@two.test", { note: "It is me." });
  await asked;
  const accepted = next(alice, "contact", ({ state }) => state === "mutual");
  await bob.contacts.accept("alice@one.test");
  await accepted;
  const tea = await alice.conversations.create({ name: "Tea", members: ["bob@two.test"] });
  const bobs = await joinedBy(bob, tea.id);
  await tea.send("from one");
  await reads(bob, tea.id, "from one");
  await bobs.send("from two");
  await reads(alice, tea.id, "from two");
  await reads(bob, tea.id, "from two");
  expect(await textsIn(tea)).toEqual(await textsIn(bobs));
});

test("R-015 R-003 members of three servers read one order; who is removed reads nothing more", async () => {
  await using servers = await startServers("one.test", "two.test", "three.test");
  await using alice = await servers.at(0).register("alice");
  await using bob = await servers.at(1).register("bob");
  await using carol = await servers.at(2).register("carol");
  await befriend(alice, bob);
  await befriend(alice, carol);
  const tea = await alice.conversations.create({
    name: "Tea",
    members: ["bob@two.test", "carol@three.test"],
  });
  const seats = [tea, await joinedBy(bob, tea.id), await joinedBy(carol, tea.id)];
  await Promise.all(
    seats.flatMap((seat, who) => [1, 2, 3].map((turn) => seat.send(`${who}: ${turn}`))),
  );
  for (const client of [alice, bob, carol]) {
    await until(client, async () => {
      const texts = await textsIn(await client.conversations.get(tea.id));
      return texts.length === 9;
    });
  }
  const [first, ...others] = await Promise.all(seats.map((seat) => textsIn(seat)));
  for (const texts of others) expect(texts).toEqual(first);

  const gone = next(carol, "removed");
  await tea.remove(["carol@three.test"]);
  await gone;
  await seats[1]?.send("for two");
  await reads(alice, tea.id, "for two");
  const kept = logLength(servers.at(2), tea.id);
  expect(logLength(servers.at(0), tea.id)).toBe(kept + 1);

  await tea.add(["carol@three.test"]);
  const again = await joinedBy(carol, tea.id);
  await tea.send("welcome back");
  await reads(carol, tea.id, "welcome back");
  expect(await textsIn(again)).not.toContain("for two");
  await again.leave();
  await until(alice, async () => (await tea.members()).length === 2);
});

test("R-062 FED-754 a conversation that all leave at once ends on every server", async () => {
  await using servers = await startServers("one.test", "two.test");
  await using alice = await servers.at(0).register("alice");
  await using bob = await servers.at(1).register("bob");
  await befriend(alice, bob);
  const tea = await alice.conversations.create({ name: "Tea", members: ["bob@two.test"] });
  const bobs = await joinedBy(bob, tea.id);
  const gone = [alice, bob].map((each) => next(each, "removed", ({ room }) => room === tea.id));
  await Promise.all([tea.leave(), bobs.leave()]);
  expect((await Promise.all(gone)).map(({ room }) => room)).toEqual([tea.id, tea.id]);
});

test("R-016 a direct conversation spans servers whose names no client can resolve, and is one", async () => {
  await using servers = await startServers("one.test", "two.test");
  await using alice = await servers.at(0).register("alice");
  await using bob = await servers.at(1).register("bob");
  await befriend(alice, bob);
  const hers = await alice.conversations.dm("bob@two.test");
  await hers.send("hello");
  await reads(bob, hers.id, "hello");
  const his = await bob.conversations.dm("alice@one.test");
  expect(his.id).toBe(hers.id);
  await his.send("hello yourself");
  await reads(alice, hers.id, "hello yourself");
});

test("R-015 what is said while a server is down arrives in order once it is back", async () => {
  await using servers = await startServers("one.test", "two.test");
  await using alice = await servers.at(0).register("alice");
  await using bob = await servers.at(1).register("bob");
  await befriend(alice, bob);
  const tea = await alice.conversations.create({ name: "Tea", members: ["bob@two.test"] });
  const bobs = await joinedBy(bob, tea.id);
  await servers.at(1).stop();
  for (const text of ["one", "two", "three"]) await tea.send(text);
  await servers.at(1).start();
  await reads(bob, tea.id, "three");
  expect(await textsIn(bobs)).toEqual(["one", "two", "three"]);

  // The hub is away: what a member of the other server says waits at that member's client.
  await servers.at(0).stop();
  const waiting = bobs.send("four");
  await servers.at(0).start();
  await waiting;
  await reads(alice, tea.id, "four");
  expect(await textsIn(tea)).toEqual(["one", "two", "three", "four"]);
});

/** The position of the last entry of a room that a server has on disk. */
function logLength({ directory }: RunningServer, room: string): number {
  const database = new BetterSqlite3(join(directory, "data", "treehouse.sqlite"), {
    readonly: true,
  });
  const length = database
    .prepare(
      `SELECT max(position) FROM queuing_entries JOIN queuing_streams ON queuing_streams.id = stream
       WHERE name = ?`,
    )
    .pluck()
    .get(room);
  database.close();
  return Number(length);
}
