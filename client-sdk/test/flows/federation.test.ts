import { expect, test } from "vitest";

import { startServers } from "../world/servers.ts";
import { joinedBy, next, reads, textsIn } from "../world/waiting.ts";

test("R-015 R-014 two people on two servers find each other, agree, and converse both ways", async () => {
  await using servers = await startServers("one.test", "two.test");
  await using alice = await servers.at(0).register("alice");
  await using bob = await servers.at(1).register("bob");
  const found = await alice.contacts.find("bob@two.test");
  expect(found.clients).toHaveLength(1);
  await expect(
    alice.conversations.create({ name: "Tea", members: ["bob@two.test"] }),
  ).rejects.toMatchObject({
    code: "noConsent",
  });
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
