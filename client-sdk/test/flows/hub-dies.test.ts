import { expect, test } from "vitest";

import { befriend } from "../world/friends.ts";
import { startServers } from "../world/servers.ts";
import { joinedBy, next, reads } from "../world/waiting.ts";

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
}, 120_000);
