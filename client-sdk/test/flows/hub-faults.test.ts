import { expect, test } from "vitest";

import { Random } from "../../../packages/testkit/src/index.ts";
import { befriend } from "../world/friends.ts";
import { startServersWith } from "../world/servers.ts";
import { joinedBy, next, textsIn, until } from "../world/waiting.ts";

const full = process.env["TREEHOUSE_SCALE"] === "full";
const seeds = [1, 2, 3, 4, 5, 6, 7, 8];
const messages = 300;

/** Links break after some thousand octets, and servers stop and start in the middle of it. */
test.runIf(full).each(seeds)(
  "R-015 FED-1126 T-27 a room moves while links break and servers stop, seed %i",
  async (seed) => {
    const random = new Random(seed, "hub faults");
    await using servers = await startServersWith({ cutAfter: 20_000 + random.integer(0, 40_000) }, [
      "one.test",
      "two.test",
      "three.test",
    ]);
    await using alice = await servers.at(0).register("alice");
    await using bob = await servers.at(1).register("bob");
    await using carol = await servers.at(2).register("carol");
    await befriend(alice, bob);
    await befriend(alice, carol);
    const members = ["bob@two.test", "carol@three.test"];
    const tea = await alice.conversations.create({ name: "Tea", members });
    const seats = [tea, await joinedBy(bob, tea.id), await joinedBy(carol, tea.id)];
    const moved = [alice, bob, carol].map((each) => next(each, "moved"));
    // Each server is away for a while, at some point of what is said.
    const stops = [0, 1, 2].map((server) => ({ server, at: random.integer(1, messages) }));
    let accepted = 0;
    const away: Promise<void>[] = [];
    const restart = async (index: number): Promise<void> => {
      await servers.at(index).stop();
      await servers.at(index).start();
    };
    const sent = seats.flatMap((seat, who) =>
      Array.from({ length: messages / 3 }, async (_, turn) => {
        await seat.send(`${who}: ${turn}`);
        accepted += 1;
        for (const { server, at } of stops) if (at === accepted) away.push(restart(server));
      }),
    );
    await tea.handOver("two.test");
    await Promise.all([...sent, ...moved]);
    await Promise.all(away);
    for (const client of [alice, bob, carol]) {
      await until(client, async () => {
        const known = await textsIn(await client.conversations.get(tea.id));
        return known.length >= messages;
      });
    }
    const read = await Promise.all(seats.map((seat) => textsIn(seat)));
    for (const texts of read) {
      expect(texts).toEqual(read[0]);
      expect(new Set(texts).size).toBe(messages);
      expect(texts).toHaveLength(messages);
    }
  },
  600_000,
);
