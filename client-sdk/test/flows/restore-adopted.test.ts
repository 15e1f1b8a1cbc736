/** A hub that was put back, and has from its followers what it has lost, but for a GroupInfo. */
import { copyFileSync } from "node:fs";

import Database from "better-sqlite3";
import { expect, test } from "vitest";

import { befriend } from "../world/friends.ts";
import { keepData } from "../world/old-data.ts";
import { startServers } from "../world/servers.ts";
import { founded, heard, joinedBy, next, reads, textsIn, until } from "../world/waiting.ts";

/** As after an adoption that broke off behind a commit. */
function loseGroupInfo(path: string): void {
  const database = new Database(path);
  database.prepare("UPDATE delivery_epochs SET group_info = x''").run();
  database.close();
}

test("R-019 FED-1117 where a restored hub has no GroupInfo, a member commits, and others come back", async () => {
  await using servers = await startServers("a.example");
  const hub = servers.at(0);
  const [alice, bob] = [await hub.register("alice"), await hub.register("bob")];
  const [hers, his] = await founded(alice, "Tea", [bob]);
  if (!hers || !his) throw new Error("two");
  await hers.send("all here");
  await reads(bob, hers.id, "all here");
  const old = await keepData(hub);
  old.alter(loseGroupInfo);
  await Promise.all([alice, bob].map((client) => client.caughtUp()));
  const before = await hers.info();
  await old.putBack();
  await his.rejoin();
  await his.send("back again");
  await reads(alice, hers.id, "back again");
  expect((await hers.info()).epoch).toBeGreaterThan(before.epoch + 1);
  for (const client of [alice, bob]) await client.close();
}, 120_000);

test("R-019 FED-1117 who is closed before its turn to commit has come does so when it is opened again", async () => {
  await using servers = await startServers("a.example");
  const hub = servers.at(0);
  const [alice, bob] = [await hub.register("alice"), await hub.register("bob")];
  const [hers] = await founded(alice, "Tea", [bob]);
  if (!hers) throw new Error("one");
  await bob.close();
  const old = await keepData(hub);
  old.alter(loseGroupInfo);
  await alice.caughtUp();
  const before = (await hers.info()).epoch;
  const restored = next(alice, "fault", ({ code }) => code === "restored");
  await old.putBack();
  await restored;
  await alice.close();
  const again = await hub.open("alice");
  const room = await again.conversations.get(hers.id);
  await expect
    .poll(async () => (await room.info()).epoch, { timeout: 20_000 })
    .toBeGreaterThan(before);
  await again.close();
}, 60_000);

test("R-015 FED-958 a server that was away learns of a removal that the restored hub has from another", async () => {
  await using servers = await startServers("a.example", "b.example", "c.example");
  const [hub, , away] = [servers.at(0), servers.at(1), servers.at(2)];
  const [alice, bob] = [await hub.register("alice"), await servers.at(1).register("bob")];
  const carol = await away.register("carol");
  await befriend(alice, bob);
  await befriend(alice, carol);
  const [hers, his] = await founded(alice, "Tea", [bob, carol]);
  if (!hers || !his) throw new Error("two");
  await hers.send("all here");
  await Promise.all([bob, carol].map((one) => reads(one, hers.id, "all here")));
  const old = await keepData(hub);
  await Promise.all([alice, bob, carol].map((client) => client.caughtUp()));
  await away.stop();
  await hers.remove([carol.me.address]);
  await hers.send("among us");
  await reads(bob, hers.id, "among us");
  await hub.stop();
  await old.putBack();
  const out = next(carol, "removed");
  await away.start();
  expect((await out).room).toBe(hers.id);
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

test("R-019 FED-958 who was removed and added again meanwhile is in, and told of what was said", async () => {
  await using servers = await startServers("a.example", "b.example");
  const hub = servers.at(0);
  await using alice = await hub.register("alice");
  await using carol = await servers.at(1).register("carol");
  const away = await hub.register("bob");
  await befriend(alice, carol);
  const members = [away.me.address, carol.me.address];
  const hers = await alice.conversations.create({ name: "Tea", members });
  await joinedBy(carol, hers.id);
  await joinedBy(away, hers.id);
  await away.caughtUp();
  await away.close();
  const old = await keepData(hub);
  await hers.remove([away.me.address]);
  await hers.add([away.me.address]);
  await hers.send("to bob as well");
  // With a commit comes the head that covers all before it.
  await hers.rename("More tea");
  await until(
    carol,
    async () =>
      (await carol.conversations.get(hers.id).then((one) => one.info())).name === "More tea",
  );
  await old.putBack();
  const bob = await hub.open("bob");
  const gaps = heard(bob, "gap");
  const his = await joinedBy(bob, hers.id);
  await hers.send("welcome back");
  await reads(bob, hers.id, "welcome back");
  await his.send("here again");
  await reads(alice, hers.id, "here again");
  const { position = 0 } =
    (await hers.history({ limit: 100 })).find((item) => item.kind === "message") ?? {};
  const told = gaps.filter(
    ({ from, to, reason }) => from <= position && position <= to && reason === "missed",
  );
  expect(told).toHaveLength(1);
  expect((await hers.members()).map(({ address }) => address)).toContain(bob.me.address);
  await bob.close();
}, 120_000);
