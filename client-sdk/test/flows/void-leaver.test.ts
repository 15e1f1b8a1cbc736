/** Who asked to leave is taken out by a commit that is void then, and by another one behind it. */
import { expect, test } from "vitest";

import { openPoisoned } from "../world/poisoned.ts";
import { startServer } from "../world/server.ts";
import { founded, heard, joinedBy, until } from "../world/waiting.ts";

test.each([
  // Who is out by it can see that, and is in again by its void.
  "pathSecrets",
  // Nobody can apply it.
  "confirmationTag",
] as const)(
  "T-41 FED-1103 who left by a void commit is out by the next one (%s)",
  async (poison) => {
    await using server = await startServer();
    let alice = await server.register("alice");
    let bob = await server.register("bob");
    let erin = await server.register("erin");
    await (await server.register("mallory")).close();
    const mallory = await openPoisoned(server, "mallory");
    await mallory.client.caughtUp();
    const [theirs, , , erins] = await founded(mallory.client, "room", [alice, bob, erin]);
    if (theirs === undefined || erins === undefined) throw new Error("no room");
    await erin.caughtUp();
    await alice.close();
    await bob.close();
    await erins.leave();
    await erin.close();
    mallory.poison = poison;
    await theirs.setHistoryDays(7);
    mallory.poison = undefined;
    alice = await server.open("alice");
    bob = await server.open("bob");
    await joinedBy(mallory.client, theirs.id);
    await until(alice, async () => {
      const { members } = await (await alice.conversations.get(theirs.id)).info();
      return members.length === 3 && members.every(({ address }) => address !== erin.me.address);
    });

    erin = await server.open("erin");
    await erin.caughtUp();
    await until(erin, async () => {
      const { status } = await (await erin.conversations.get(theirs.id)).info();
      return status === "removed";
    });
    await erin.close();
    // It was told once, and nothing of it is brought again.
    erin = await server.open("erin");
    const removed = heard(erin, "removed");
    await erin.caughtUp();
    expect(removed).toEqual([]);
    const backlog = { name: "backlog", text: expect.stringMatching(/^0 entries/) };
    expect(await erin.diagnose()).toContainEqual(expect.objectContaining(backlog));
  },
);
