/** A commit that nobody can apply, at a server that was put back. */
import type { ServerFrame } from "@treehouse/protocol";
import { expect, test } from "vitest";

import { befriend } from "../world/friends.ts";
import { keepData } from "../world/old-data.ts";
import { openPoisoned } from "../world/poisoned.ts";
import { password, startServer } from "../world/server.ts";
import { startServers } from "../world/servers.ts";
import { openTampered } from "../world/tampered.ts";
import { agreed, founded, heard, joinedBy, next, reads, textsIn } from "../world/waiting.ts";

test("T-41 who asked to leave before a commit that nobody can apply reads on elsewhere after a restore", async () => {
  await using server = await startServer();
  const alice = await server.register("alice");
  await (await server.register("mallory")).close();
  const mallory = await openPoisoned(server, "mallory");
  let holds = false;
  const frame = (one: ServerFrame) => (holds && one.type === "entry" ? [] : [one]);
  const bob = await openTampered(server, "bob", { frame }, { password, register: {} });
  for (const client of [mallory.client, bob]) await client.caughtUp();
  const other = await alice.conversations.create({ name: "Elsewhere", members: [bob.me.address] });
  await joinedBy(bob, other.id);
  const [theirs, hers, his] = await founded(mallory.client, "Tea", [alice, bob]);
  if (!theirs || !hers || !his) throw new Error("three");
  await hers.send("before");
  await reads(bob, his.id, "before");
  await bob.caughtUp();

  holds = true;
  const unusable = next(alice, "fault", ({ code }) => code === "commitInvalid");
  mallory.poison = "pathSecrets";
  await theirs.setHistoryDays(7);
  await unusable;
  await mallory.client.close();
  const old = await keepData(server);
  await his.leave();
  const gap = next(bob, "gap", ({ stream, reason }) => stream === his.id && reason === "restored");
  holds = false;
  await old.putBack();
  await gap;
  const states = heard(bob, "state");
  await other.send("one");
  await reads(bob, other.id, "one");
  await other.send("two");
  await reads(bob, other.id, "two");
  expect(states.map(({ state }) => state)).not.toContain("connecting");
}, 60_000);

test("FED-958 FED-1103 a restored hub gets back what was said since, though a commit among it was void", async () => {
  await using servers = await startServers("hub.test", "follower.test");
  const hub = servers.at(0);
  await using alice = await hub.register("alice");
  await using bob = await servers.at(1).register("bob");
  await (await hub.register("mallory")).close();
  const mallory = await openPoisoned(hub, "mallory");
  await mallory.client.caughtUp();
  await befriend(alice, bob);
  const hers = await alice.conversations.create({
    name: "Tea",
    members: [bob.me.address, mallory.client.me.address],
  });
  await joinedBy(bob, hers.id);
  const theirs = await joinedBy(mallory.client, hers.id);
  await hers.setRole([mallory.client.me.address], "admin");
  await agreed([
    [alice, hers],
    [bob, await bob.conversations.get(hers.id)],
    [mallory.client, theirs],
  ]);
  const old = await keepData(hub);

  const isVoid = next(bob, "fault", ({ code }) => code === "commitVoid");
  mallory.poison = "pathSecrets";
  await theirs.rename("Coffee");
  await isVoid;
  await mallory.client.close();
  await hers.send("after it");
  // With a commit comes the head that covers all before it.
  await hers.rename("More tea");
  await hers.send("not covered");
  await reads(bob, hers.id, "not covered");
  const missed = heard(bob, "gap");
  const lost = heard(alice, "lostByServer");
  await old.putBack();
  await hers.send("and after the restore");
  await reads(bob, hers.id, "and after the restore");
  expect(await textsIn(hers)).toEqual(["after it", "not covered", "and after the restore"]);
  expect(missed.map(({ reason }) => reason)).toEqual(["restored"]);
  // A commit that somebody's upkeep makes behind it has a head that covers it.
  expect(lost.flatMap(({ messages }) => messages).length).toBeLessThanOrEqual(1);
}, 120_000);
