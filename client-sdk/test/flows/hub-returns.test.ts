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
