import { calm, Random } from "../../../packages/testkit/src/index.ts";
import type { Faults } from "../../../packages/testkit/src/index.ts";
import { clientWeather, weather } from "../federation-e2e/trouble.ts";
import { startFederatedWorld } from "../federation-e2e/world.ts";
import { gather } from "../federation-e2e/people.ts";
import { listed } from "./control.ts";
import { createProgress, passed } from "./clocks.ts";
import { compareServers, populate } from "./kills.ts";
import { beside, Ledger } from "./ledger.ts";
import type { Order, Outcome, Part } from "./part.ts";

const names = ["alpha", "beta"];
const blowsPerWorld = 25;

/** What a link does for a while, on top of the weather. */
const blows: readonly { readonly name: string; readonly faults: Partial<Faults> }[] = [
  { name: "flaps", faults: { flapping: { upMs: [5, 120], downMs: [5, 120] } } },
  { name: "is down", faults: { link: "down" } },
  { name: "is half open", faults: { link: "silent" } },
  { name: "swallows requests", faults: { link: "noRequests" } },
  { name: "swallows answers", faults: { link: "noAnswers" } },
  { name: "is slow", faults: { delayMs: [50, 400] } },
  { name: "is narrow", faults: { octetsPerSecond: 4_000 } },
];

export const flappingLinks: Part = {
  name: "links",
  about:
    "every link between two servers and to their clients loses, repeats, reorders, delays, flaps, hangs",
  counts: { usual: 14, full: 200 },
  control: { bug: listed("no idempotency: a repeated message is taken again"), count: 25 },
  async run(order: Order): Promise<Outcome> {
    const violations: string[] = [];
    const figures: Record<string, number> = { blows: 0, accepted: 0 };
    for (let round = 0; (figures["blows"] ?? 0) < order.count; round += 1) {
      const count = Math.min(blowsPerWorld, order.count - (figures["blows"] ?? 0));
      const seed = order.seed + round;
      const world = await strike({ ...order, seed, count });
      for (const [name, value] of Object.entries(world.figures))
        figures[name] = (figures[name] ?? 0) + value;
      violations.push(...world.violations.map((text) => `seed ${seed}: ${text}`));
      order.say(`${JSON.stringify(figures)}, ${violations.length} violations`);
    }
    return { figures, violations };
  },
};

async function strike({ seed, count }: Order) {
  await using world = await startFederatedWorld({ names, seed });
  const people = await populate(world, names);
  const ledger = new Ledger(await gather(people, "links"));
  for (const client of people) {
    client.on("gap", () => ledger.report(`${client.me.address} tells of a gap`));
  }
  for (const link of world.links) link.set(weather);
  for (const door of world.doors) door.set(clientWeather);

  const random = new Random(seed, "links");
  const talk = { over: false };
  const progress = createProgress();
  const talking = beside(
    people.map(async (client) => {
      for (let next = 0; !talk.over; next += 1) {
        await ledger.send(client, `${client.me.address} ${next}`);
        progress.step();
      }
    }),
  );
  for (let blow = 0; blow < count; blow += 1) {
    const all = [...world.links, ...world.doors];
    const struck = all.filter(() => random.chance(0.4));
    const { faults } = blows[random.integer(0, blows.length - 1)] ?? { faults: {} };
    for (const link of struck) link.set(faults);
    await passed(random.integer(50, 1_500));
    for (const link of world.links) link.set({ ...calm, ...weather });
    for (const door of world.doors) door.set({ ...calm, ...clientWeather });
    const more = progress.more(random.integer(1, 6));
    if (!(await ledger.patiently(more, "for messages to be accepted"))) break;
  }
  for (const link of [...world.links, ...world.doors]) link.set(calm);
  talk.over = true;
  await ledger.patiently(talking, "for answers");
  await ledger.checkPeople(people);
  ledger.report(...compareServers(world, ledger.room));
  const sum = (
    count_: "requestsLost" | "answersLost" | "duplicated" | "reordered" | "cut" | "vanished",
  ) => [...world.links, ...world.doors].reduce((total, { counts }) => total + counts[count_], 0);
  return {
    figures: {
      blows: count,
      accepted: ledger.accepted.size,
      requestsLost: sum("requestsLost"),
      answersLost: sum("answersLost"),
      duplicated: sum("duplicated"),
      reordered: sum("reordered"),
      connectionsCut: sum("cut"),
      vanished: sum("vanished"),
    },
    violations: ledger.violations,
  };
}
