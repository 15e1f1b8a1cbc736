/** A hub that was put back, and has from its followers what it has lost, but for a GroupInfo. */
import { copyFileSync } from "node:fs";

import { expect, test } from "vitest";

import { befriend } from "../world/friends.ts";
import { keepData } from "../world/old-data.ts";
import { startServers } from "../world/servers.ts";
import { founded, heard, joinedBy, next, reads, textsIn, until } from "../world/waiting.ts";

test("R-019 FED-1117 where a restored hub has no GroupInfo, a member commits, and others come back", async () => {
  await using servers = await startServers("a.example", "b.example");
  const [hub, other] = [servers.at(0), servers.at(1)];
  const [alice, bob] = [await hub.register("alice"), await hub.register("bob")];
  const carol = await other.register("carol");
  await befriend(alice, carol);
  const [hers, his] = await founded(alice, "Tea", [bob, carol]);
  if (!hers || !his) throw new Error("two");
  await hers.send("all here");
  await Promise.all([reads(bob, hers.id, "all here"), reads(carol, hers.id, "all here")]);
  const old = await keepData(hub);
  // Whose last member goes gets the commit that says so, and no GroupInfo of what follows.
  const out = next(carol, "removed");
  await hers.remove([carol.me.address]);
  await out;
  await until(bob, async () => (await his.members()).length === 2);
  await old.putBack();
  await his.rejoin();
  await his.send("back again");
  await reads(alice, hers.id, "back again");
  expect((await hers.members()).map(({ address }) => address).toSorted()).toEqual([
    "alice@a.example",
    "bob@a.example",
  ]);
  for (const client of [alice, bob, carol]) await client.close();
}, 120_000);

test("T-20 FED-957 who is added again to a restored room does not take its own epoch for the one there", async () => {
  await using servers = await startServers("a.example", "b.example");
  const [hub, other] = [servers.at(0), servers.at(1)];
  const alice = await hub.register("alice");
  let carol = await other.register("carol");
  await befriend(alice, carol);
  const hers = await alice.conversations.create({ name: "Tea", members: [] });
  const old = await keepData(hub);
  await alice.caughtUp();
  await hers.add([carol.me.address]);
  await joinedBy(carol, hers.id);
  await hers.send("welcome");
  await reads(carol, hers.id, "welcome");
  await carol.close();
  await old.putBack();
  // She comes back into the epoch of that number, and brings carol in once more.
  await next(alice, "joined", ({ room }) => room === hers.id);
  await until(alice, async () => (await hers.members()).length === 2);
  carol = await other.open("carol");
  const faults = heard(carol, "fault");
  const back = next(carol, "joined", ({ room }) => room === hers.id);
  await back;
  await hers.send("welcome back");
  await reads(carol, hers.id, "welcome back");
  expect(faults.map(({ code }) => code)).not.toContain("commitInvalid");
  for (const client of [alice, carol]) await client.close();
}, 120_000);

test("R-019 FED-412 an old store at a restored server misses nothing that the server still has", async () => {
  await using servers = await startServers("a.example");
  const hub = servers.at(0);
  const [alice, bob] = [await hub.register("alice"), await hub.register("bob")];
  const [hers, his] = await founded(alice, "Tea", [bob]);
  if (!hers || !his) throw new Error("two");
  await his.send("one");
  await reads(alice, hers.id, "one");
  await alice.close();
  const early = hub.path("early");
  for (const end of ["", ".key"]) copyFileSync(`${hub.path("alice")}${end}`, `${early}${end}`);
  const later = await hub.open("alice");
  await his.send("two");
  await reads(later, hers.id, "two");
  await later.close();
  // What she says of her place with the next connection is noted at once.
  const again = await hub.open("alice");
  await again.caughtUp();
  await again.close();
  const old = await keepData(hub);
  await old.putBack();
  const back = await hub.open("alice", { store: early });
  await his.send("three");
  await reads(back, hers.id, "three");
  expect(await textsIn(await back.conversations.get(hers.id))).toEqual(["one", "two", "three"]);
  for (const client of [bob, back]) await client.close();
}, 60_000);
