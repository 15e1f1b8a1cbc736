/** Clients that have read what their own server does not have yet. */
import { expect, test } from "vitest";

import { befriend } from "../world/friends.ts";
import { startServersWith } from "../world/servers.ts";
import { heard, joinedBy, reads } from "../world/waiting.ts";

const never = Number.POSITIVE_INFINITY;

test("R-019 who comes back while their server is behind the hub is not told that it was set back", async () => {
  await using servers = await startServersWith({ cutAfter: never }, ["one.test", "two.test"]);
  await using alice = await servers.at(0).register("alice");
  await using bob = await servers.at(1).register("bob");
  await befriend(alice, bob);
  const tea = await alice.conversations.create({ name: "Tea", members: ["bob@two.test"] });
  const theirs = await joinedBy(bob, tea.id);
  await tea.send("read by all");
  await reads(bob, tea.id, "read by all");
  const faults = heard(bob, "fault");

  servers.wayTo(1).cutAfter = 0;
  await tea.send("on its way");
  await theirs.rejoin();
  // From here on it can catch up with nothing, and its client connects anew.
  servers.wayTo(0).cutAfter = 0;
  await servers.at(1).stop();
  await servers.at(1).start();
  await bob.caughtUp();
  for (const index of [0, 1]) servers.wayTo(index).cutAfter = never;
  await tea.send("after it");
  await reads(bob, tea.id, "after it");
  expect(faults).toEqual([]);
}, 120_000);
