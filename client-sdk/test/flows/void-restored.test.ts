/** A commit that nobody can apply, at a server that was put back. */
import type { ServerFrame } from "@treehouse/protocol";
import { expect, test } from "vitest";

import { keepData } from "../world/old-data.ts";
import { openPoisoned } from "../world/poisoned.ts";
import { password, startServer } from "../world/server.ts";
import { openTampered } from "../world/tampered.ts";
import { founded, heard, joinedBy, next, reads } from "../world/waiting.ts";

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
