import type { Client } from "../../../client-sdk/src/node.ts";
import { befriend } from "../../../client-sdk/test/world/friends.ts";
import { Random } from "../../../packages/testkit/src/index.ts";
import { gather, storedLog } from "../federation-e2e/people.ts";
import { startFederatedWorld } from "../federation-e2e/world.ts";
import type { ServerProcess } from "../federation-e2e/server.ts";
import type { FederatedWorld } from "../federation-e2e/world.ts";
import { answeredBeforeCommit } from "./control.ts";
import { createProgress, passed } from "./clocks.ts";
import { beside, damageOf, Ledger } from "./ledger.ts";
import { quantile } from "./part.ts";
import type { Order, Outcome, Part } from "./part.ts";

/** So many kills, and then everything is compared and a new world begins. */
const killsPerWorld = 50;
/** Messages of each sender that are under way at once. */
const flights = 3;

export const kills: Part = {
  name: "kills",
  about: "kill -9 of two servers at random moments while four clients send",
  counts: { usual: 50, full: 1_000 },
  run: (order) => killAtRandom(order, ["alpha", "beta"]),
  control: { bug: answeredBeforeCommit, count: 10 },
};

/** Kills one of the servers, or all, so many times. The first one is the hub. */
export async function killAtRandom(order: Order, names: readonly string[]): Promise<Outcome> {
  const restarts: number[] = [];
  const violations: string[] = [];
  let [accepted, done] = [0, 0];
  // A world in which nothing goes on any more ends the part: the next ones would end the same way.
  for (let world = 0, stuck = false; done < order.count && !stuck; world += 1) {
    const count = Math.min(killsPerWorld, order.count - done);
    const seed = order.seed + world;
    const round = await killWorld({ ...order, seed, count }, names);
    done += round.kills;
    stuck = round.kills < count;
    accepted += round.accepted;
    restarts.push(...round.restarts);
    violations.push(...round.violations.map((text) => `seed ${seed}: ${text}`));
    order.say(
      `${done} kills, ${accepted} accepted, ${violations.length} violations, ` +
        `restart p50 ${quantile(restarts, 0.5)} ms, p99 ${quantile(restarts, 0.99)} ms`,
    );
  }
  const figures = {
    kills: done,
    accepted,
    restartMsP50: quantile(restarts, 0.5),
    restartMsP99: quantile(restarts, 0.99),
    restartMsMax: quantile(restarts, 1),
  };
  return { figures, violations };
}

async function killWorld({ seed, count }: Order, names: readonly string[]) {
  await using world = await startFederatedWorld({ names, seed });
  const people = await populate(world, names);
  const ledger = new Ledger(await gather(people, "kills"));
  const random = new Random(seed, "kills");
  const starts = new Map(names.map((name) => [name, [] as number[]]));
  const [hubName = ""] = names;
  const hub = world.server(hubName);

  const talk = { over: false };
  const progress = createProgress();
  const talking = beside(
    people.map(async (client) => {
      for (let next = 0; !talk.over; next += flights) {
        const texts = Array.from(
          { length: flights },
          (_, more) => `${client.me.address} ${next + more}`,
        );
        const sent = texts.map((text) => ledger.send(client, text).then(progress.step));
        await Promise.all(sent);
      }
    }),
  );

  let done = 0;
  for (; done < count; done += 1) {
    const more = progress.more(random.integer(1, 8));
    if (!(await ledger.patiently(more, "for messages to be accepted"))) break;
    await passed(random.integer(0, 60));
    const doomed = random.chance(0.2) ? names : [names[random.integer(0, names.length - 1)] ?? ""];
    const { last } = ledger;
    await Promise.all(doomed.map((name) => world.server(name).kill()));
    await Promise.all(
      doomed.map(async (name) => {
        starts.get(name)?.push(Date.now());
        await world.server(name).start();
      }),
    );
    ledger.checkLog(hub.databasePath, last, `kill ${done + 1}`);
  }
  talk.over = true;
  await ledger.patiently(talking, "for answers");
  await ledger.checkPeople(people);
  ledger.report(...compareServers(world, ledger.room));
  const restarts = names.flatMap((name) => untilServed(world.server(name), starts.get(name) ?? []));
  const { accepted, violations } = ledger;
  return { kills: done, restarts, accepted: accepted.size, violations };
}

/**
 * How long each start took until the server served, by its own word: this process, which is also all
 * the clients, may hear of it seconds later.
 */
function untilServed(server: ServerProcess, starts: readonly number[]): readonly number[] {
  const told = server.log().matchAll(/"time":"([^"]+)".*"msg":"listening"/g);
  // The first time nobody had killed it.
  const served = [...told].map(([, time = ""]) => Date.parse(time)).slice(1);
  if (served.length !== starts.length) throw new Error(`${server.domain} tells not of all starts`);
  return served.map((time, at) => time - (starts[at] ?? time));
}

/** Two on each server, the founder's contacts. */
export async function populate(
  world: FederatedWorld,
  names: readonly string[],
): Promise<readonly Client[]> {
  const people: Client[] = [];
  for (const name of names) {
    for (const who of ["ann", "ben"]) {
      people.push(await world.register(`${who}-${name}@${name}.example`));
    }
  }
  const [founder, ...others] = people;
  if (founder === undefined) throw new Error("nobody");
  for (const other of others) {
    if (!other.me.address.endsWith(`@${names[0]}.example`)) await befriend(founder, other);
  }
  return people;
}

/** All servers have the same log, none is damaged, and none says that it is itself at fault. */
export function compareServers(
  { servers }: Pick<FederatedWorld, "servers">,
  room: string,
): readonly string[] {
  const [hub, ...followers] = servers;
  if (hub === undefined) throw new Error("no server");
  const violations: string[] = [];
  const log = JSON.stringify([...storedLog(hub, room)]);
  for (const follower of followers) {
    if (JSON.stringify([...storedLog(follower, room)]) !== log) {
      violations.push(`the log of ${follower.domain} is another than that of ${hub.domain}`);
    }
  }
  for (const server of servers) {
    violations.push(...damageOf(server.databasePath).map((text) => `${server.domain}: ${text}`));
    const errors = server
      .log()
      .split("\n")
      .filter((line) => /"level":(50|60)\b|"level":"error"/.test(line));
    violations.push(...errors.slice(0, 3).map((line) => `${server.domain} says ${line}`));
  }
  return violations;
}
