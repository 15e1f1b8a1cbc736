/** The largest room there may be, over two servers; in `npm test` the same with few. */
import { afterAll, beforeAll, expect, test } from "vitest";

import { LIMITS } from "@treehouse/protocol";

import type { Client, Conversation } from "../../src/node.ts";
import { addAll, crowd } from "../world/crowd.ts";
import { befriend } from "../world/friends.ts";
import { type FederatedServers, startServers } from "../world/servers.ts";
import { founded, joinedBy, reads, textsIn, until } from "../world/waiting.ts";

const full = process.env["TREEHOUSE_SCALE"] === "full";
/** Fewer KeyPackages than one user may claim in an hour: several add, each a part. */
const addedByOne = full ? 1_900 : 2;
const parts = full ? 6 : 2;
/** Alice, bob, carol and dora are there as well, and who adds a part. */
const others = full ? LIMITS.treeLeavesMax - 4 - (parts - 1) : 4;

let servers: FederatedServers;

beforeAll(async () => {
  servers = await startServers("one.test", "two.test");
});

afterAll(() => servers[Symbol.asyncDispose]());

test(
  "R-019 a room is filled to the last place, over two servers, and everything goes on in it",
  { timeout: full ? 7_200_000 : 60_000 },
  async () => {
    const here = servers.at(0);
    const alice = await here.register("alice", { from: "198.51.100.1" });
    const bob = await servers.at(1).register("bob");
    const dora = await servers.at(1).register("dora");
    await befriend(alice, bob);
    await befriend(alice, dora);
    const [hers, his] = await founded(alice, "Everybody", [bob]);
    if (hers === undefined || his === undefined) throw new Error("nobody is in the room");

    const people = await crowd(here, { prefix: "p", count: others, passwords: false });
    const addresses = people.map(({ address }) => address);
    for (let from = 0, turn = 0; from < addresses.length; from += addedByOne, turn += 1) {
      const adding = turn === 0 ? hers : await helper(here, hers, turn);
      const part = addresses.slice(from, from + addedByOne);
      await timed(`${part.length} more`, () => addAll(adding, part));
    }

    const carol = await here.register("carol");
    const seats: [string, Client, Conversation][] = [];
    for (const [name, client] of [
      ["carol", carol],
      ["dora", dora],
    ] as const) {
      await hers.add([client.me.address]);
      const from = performance.now();
      seats.push([name, client, await joinedBy(client, hers.id)]);
      console.log(`${name} is in after ${Math.round(performance.now() - from)} ms`);
    }
    const members = others + 4 + (parts - 1);
    expect(await hers.members()).toHaveLength(members);
    expect(await his.members()).toHaveLength(members);

    await timed("an update of all", () => hers.rename("Everybody and his dog"));
    await hers.send("from the first");
    for (const [name, client, room] of seats) {
      await reads(client, room.id, "from the first");
      await timed(`a message of ${name}`, () => room.send(`from ${name}`));
    }
    await timed("a leave", () => bob.conversations.get(his.id).then((room) => room.leave()));
    await until(alice, async () => (await hers.members()).length === members - 1);
    await hers.send("bob is gone");
    for (const [, client, room] of seats) {
      await reads(client, room.id, "bob is gone");
      expect((await room.info()).name).toBe("Everybody and his dog");
      expect((await room.info()).epochAuthenticator).toBe((await hers.info()).epochAuthenticator);
      expect(await room.members()).toHaveLength(members - 1);
    }
    expect(await textsIn(hers)).toContain("from dora");
  },
);

/** Another admin, at an address of its own as people are, who adds a part of them. */
async function helper(
  server: ReturnType<FederatedServers["at"]>,
  room: Conversation,
  turn: number,
): Promise<Conversation> {
  const from = `198.51.100.${1 + turn}`;
  const client = await server.register(`helper${turn}`, { from });
  await room.add([client.me.address]);
  const theirs = await joinedBy(client, room.id);
  await room.setRole([client.me.address], "admin");
  await client.caughtUp();
  return theirs;
}

async function timed(what: string, act: () => Promise<unknown>): Promise<void> {
  const from = performance.now();
  await act();
  console.log(`${what}: ${Math.round(performance.now() - from)} ms`);
}
