import { afterEach, expect, test } from "vitest";
import type { Client } from "../../../client-sdk/src/node.ts";
import { calm } from "../../../packages/testkit/src/index.ts";
import { befriend } from "../../../client-sdk/test/world/friends.ts";
import { faultsOf, gather, has, keptBy, storedLog } from "../federation-e2e/people.ts";
import { blowsAgainst, clientWeather, weather } from "../federation-e2e/trouble.ts";
import { startFederatedWorld } from "../federation-e2e/world.ts";
import type { FederatedWorld } from "../federation-e2e/world.ts";

const full = process.env["TREEHOUSE_SCALE"] === "full";
const [perSender, blows, seeds] = full ? [500, 45, [1, 2, 3]] : [16, 4, [1]];

const addresses = [
  "alice@alpha.example",
  "ann@alpha.example",
  "bob@beta.example",
  "ben@beta.example",
];

let world: FederatedWorld | undefined;

afterEach(async () => {
  await world?.[Symbol.asyncDispose]();
});

test.each(seeds)(
  "R-015 R-008 R-044 seed %i: four clients of two servers, faults and kills at every hop: all once, in one order",
  { timeout: full ? 1_200_000 : 180_000 },
  async (seed) => {
    world = await startFederatedWorld({ names: ["alpha", "beta"], seed });
    const people: Client[] = [];
    for (const address of addresses) people.push(await world.register(address));
    const [alice, , bob, ben] = people;
    if (alice === undefined || bob === undefined || ben === undefined) throw new Error("nobody");
    await befriend(alice, bob);
    await befriend(alice, ben);
    const id = await gather(people, "faults");
    const gaps: string[] = [];
    for (const client of people) client.on("gap", (gap) => gaps.push(JSON.stringify(gap)));

    for (const link of world.links) link.set(weather);
    for (const door of world.doors) door.set(clientWeather);
    const accepted = await talk(world, people, id);
    for (const link of world.links) link.set(calm);
    for (const door of world.doors) door.set(calm);

    const total = perSender * people.length;
    expect(accepted.size).toBe(total);
    const inOrder = [...accepted].toSorted(([a], [b]) => a - b);
    const [first, ...others] = await Promise.all(
      people.map(async (client) => {
        await has(client, id, total);
        await client.caughtUp();
        expect(await faultsOf(client, id)).toEqual([]);
        return keptBy(client, id);
      }),
    );
    expect(first?.map(({ position, text }) => [position, text])).toEqual(inOrder);
    expect(new Set(first?.map((message) => message.id)).size).toBe(total);
    for (const other of others) expect(other).toEqual(first);
    for (const { me } of people) {
      const own = inOrder.map(([, text]) => text).filter((text) => text.startsWith(me.address));
      expect(own).toEqual(Array.from({ length: perSender }, (_, n) => `${me.address} ${n}`));
    }
    expect(gaps).toEqual([]);
    expect(storedLog(world.server("beta"), id)).toEqual(storedLog(world.server("alpha"), id));
    expect(crashesOf(world)).toEqual([]);
    // Faults that never struck would prove nothing. The rarer ones need more than a few messages.
    for (const { counts } of world.links) {
      expect(counts.requestsLost + counts.answersLost + counts.connectionsLost).toBeGreaterThan(0);
      if (!full) continue;
      expect(counts.duplicated).toBeGreaterThan(0);
      expect(counts.cut + counts.vanished).toBeGreaterThan(0);
    }
  },
);

/** Everybody says everything, three at a time, while blows fall; answers what stands where. */
async function talk(
  where: FederatedWorld,
  people: readonly Client[],
  id: string,
): Promise<ReadonlyMap<number, string>> {
  const total = perSender * people.length;
  const accepted = new Map<number, string>();
  const kinds = blowsAgainst(where, "alpha", "beta");
  let struck = 0;
  let striking: Promise<void> = Promise.resolve();
  // At the same counts in each run; what is under way then differs.
  const dueAt = (blow: number): number => Math.floor(((blow + 0.7) * total) / (blows + 1));
  const heard = (position: number, text: string): void => {
    accepted.set(position, text);
    if (struck >= blows || accepted.size < dueAt(struck)) return;
    const blow = kinds[struck % kinds.length];
    struck += 1;
    striking = striking.then(() => blow?.strike());
  };
  const say = async (client: Client): Promise<void> => {
    const conversation = await client.conversations.get(id);
    for (let count = 0; count < perSender; count += 3) {
      const texts = [0, 1, 2]
        .filter((more) => count + more < perSender)
        .map((more) => `${client.me.address} ${count + more}`);
      const sent = texts.map(async (text) => heard((await conversation.send(text)).position, text));
      await Promise.all(sent);
    }
  };
  await Promise.all(people.map(say));
  await striking;
  expect(struck).toBe(blows);
  return accepted;
}

/** Lines in which a server says that it is itself at fault. */
function crashesOf({ servers }: FederatedWorld): readonly string[] {
  return servers.flatMap((server) =>
    server
      .log()
      .split("\n")
      .filter((line) => /"level":(50|60)\b/.test(line)),
  );
}
