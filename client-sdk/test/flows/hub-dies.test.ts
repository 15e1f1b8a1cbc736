import { expect, test } from "vitest";

import { befriend } from "../world/friends.ts";
import { startServers } from "../world/servers.ts";
import { joinedBy, next, reads } from "../world/waiting.ts";

test("FED-1138 T-15 a hub that comes back with a log that nobody has steps down all the same", async () => {
  await using servers = await startServers("one.test", "two.test", "three.test");
  await using alice = await servers.at(0).register("alice");
  await using bob = await servers.at(1).register("bob");
  await using carol = await servers.at(2).register("carol");
  for (const other of [bob, carol]) await befriend(alice, other);
  const owners = ["bob@two.test", "carol@three.test"];
  const tea = await alice.conversations.create({ name: "Tea", members: owners });
  const bobs = await joinedBy(bob, tea.id);
  const carols = await joinedBy(carol, tea.id);
  await tea.setRole(owners, "owner");
  await tea.send("before");
  for (const client of [bob, carol]) await reads(client, tea.id, "before");

  // Only the hub is there: what it takes now, nobody else ever sees.
  for (const index of [1, 2]) await servers.at(index).stop();
  await tea.rename("Mine");
  await tea.send("only here");
  await servers.at(0).stop();
  const online = [bob, carol].map((each) => next(each, "state", ({ state }) => state === "live"));
  for (const index of [1, 2]) await servers.at(index).start();
  await Promise.all(online);
  expect(await bobs.replaceServer("two.test")).toMatchObject({ done: false });
  expect(await carols.replaceServer("two.test")).toMatchObject({ done: true });

  const returned = next(alice, "reset");
  await servers.at(0).start();
  expect(await returned).toMatchObject({ server: "two.test", reason: "hubGone" });
  for (const client of [bob, carol]) await reads(client, tea.id, "only here");
  await bobs.send("all here");
  await reads(alice, tea.id, "all here");
  const seats = [tea, bobs, carols];
  const infos = await Promise.all(seats.map((seat) => seat.info()));
  expect(new Set(infos.map(({ epochAuthenticator }) => epochAuthenticator)).size).toBe(1);
  for (const info of infos) {
    expect(info).toMatchObject({ name: "Tea", server: "two.test", health: { state: "ok" } });
    expect(info.members.map(({ role }) => role)).toEqual(["owner", "owner", "owner"]);
  }
}, 60_000);

test("FED-1125 FED-1139 who missed the last word of a hub that died learns from others who goes on", async () => {
  await using servers = await startServers("one.test", "two.test", "three.test", "four.test");
  await using alice = await servers.at(0).register("alice");
  await using bob = await servers.at(1).register("bob");
  await using carol = await servers.at(2).register("carol");
  await using dave = await servers.at(3).register("dave");
  for (const other of [bob, carol, dave]) await befriend(alice, other);
  const members = ["bob@two.test", "carol@three.test", "dave@four.test"];
  const tea = await alice.conversations.create({ name: "Tea", members });
  await joinedBy(bob, tea.id);
  const carols = await joinedBy(carol, tea.id);
  const daves = await joinedBy(dave, tea.id);
  await carols.send("before");
  for (const client of [alice, bob, dave]) await reads(client, tea.id, "before");

  // Two servers are away when the room moves, and the hub that would tell them never comes back.
  for (const index of [2, 3]) await servers.at(index).stop();
  const moved = next(bob, "moved");
  await tea.handOver("two.test");
  await moved;
  await servers.at(0).stop();
  const told = [carol, dave].map((client) => next(client, "moved"));
  // One learns it because somebody wants to say something, the other by what is sent to it.
  await servers.at(3).start();
  await daves.send("where is everybody?");
  await reads(bob, tea.id, "where is everybody?");
  await servers.at(2).start();
  await reads(carol, tea.id, "where is everybody?");
  for (const { server } of await Promise.all(told)) expect(server).toBe("two.test");
}, 60_000);
