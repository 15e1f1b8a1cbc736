import { expect, test } from "vitest";

import { befriend } from "../world/friends.ts";
import { startServersWith } from "../world/servers.ts";
import { joinedBy, next, reads, textsIn, until } from "../world/waiting.ts";

const full = process.env["TREEHOUSE_SCALE"] === "full";
/** Of each of three who write. */
const each = full ? 334 : 8;
const inFlight = 3 * each;
const minutes = full ? 10 : 2;

test(
  "R-015 FED-1091 FED-1123 FED-1125 FED-1126 FED-1127 FED-1129 a room moves: nothing lost, nothing twice",
  async () => {
    await using servers = await startServersWith({ cutAfter: 60_000 }, [
      "one.test",
      "two.test",
      "three.test",
      "four.test",
    ]);
    await using alice = await servers.at(0).register("alice");
    await using bob = await servers.at(1).register("bob");
    await using carol = await servers.at(2).register("carol");
    await befriend(alice, bob);
    await befriend(alice, carol);
    const tea = await alice.conversations.create({
      name: "Tea",
      members: ["bob@two.test", "carol@three.test"],
    });
    const seats = [tea, await joinedBy(bob, tea.id), await joinedBy(carol, tea.id)];
    await expect(seats[2]?.handOver("three.test")).rejects.toMatchObject({ code: "notAllowed" });

    // Somebody outside asks to come in, and is answered by the next hub.
    await using erin = await servers.at(3).register("erin");
    const address = await tea.links.address();
    const knocked = next(alice, "knock");
    expect(await erin.conversations.knock(address)).toBe("waiting");
    await knocked;

    const moved = [alice, bob, carol].map((client) => next(client, "moved"));
    const sending = seats.flatMap((seat, who) =>
      Array.from({ length: each }, (_, turn) => seat.send(`${who}: ${turn}`)),
    );
    await tea.handOver("two.test");
    // Both hubs are away for a moment, while not everything has arrived.
    for (const index of [1, 0]) {
      await servers.at(index).stop();
      await servers.at(index).start();
    }
    for (const { server } of await Promise.all(moved)) expect(server).toBe("two.test");
    const sent = await Promise.all(sending);
    expect(new Set(sent.map(({ id }) => id)).size).toBe(inFlight);
    for (const client of [alice, bob, carol]) {
      await until(client, async () => {
        const texts = await textsIn(await client.conversations.get(tea.id));
        return texts.length >= inFlight;
      });
    }
    const read = await Promise.all(seats.map((seat) => textsIn(seat)));
    for (const texts of read) {
      expect(texts).toHaveLength(inFlight);
      expect(new Set(texts).size).toBe(inFlight);
      expect(texts).toEqual(read[0]);
    }
    for (const seat of seats) expect((await seat.info()).server).toBe("two.test");
    // The former hub is not needed any more, and follows when it is back.
    await servers.at(0).stop();
    await seats[2]?.send("without one");
    await reads(bob, tea.id, "without one");
    await servers.at(0).start();
    await reads(alice, tea.id, "without one");
    // A server that is new asks the one that founded the conversation who orders it.
    expect(await tea.knocks.list()).toMatchObject([{ address: "erin@four.test" }]);
    await tea.knocks.admit("erin@four.test");
    expect(await erin.conversations.knock(address)).toBe("joined");
    const erins = await joinedBy(erin, tea.id);
    await erins.send("from four");
    await reads(carol, tea.id, "from four");
    // It goes on, and comes back to where it was.
    for (const server of full ? ["three.test", "one.test"] : ["one.test"]) {
      const known = next(erin, "moved");
      await tea.handOver(server);
      expect(await known).toMatchObject({ room: tea.id, server });
      await erins.send(`at ${server}`);
      await reads(bob, tea.id, `at ${server}`);
    }
    await tea.remove(["carol@three.test"]);
    await until(bob, async () => (await seats[1]?.members())?.length === 3);
  },
  minutes * 60_000,
);
