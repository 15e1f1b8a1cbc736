import type { Client } from "../../../client-sdk/src/node.ts";
import { gather } from "../federation-e2e/people.ts";
import { startFederatedWorld } from "../federation-e2e/world.ts";
import { listed } from "./control.ts";
import { createProgress } from "./clocks.ts";
import { compareServers, populate } from "./kills.ts";
import { beside, Ledger } from "./ledger.ts";
import { quantile } from "./part.ts";
import type { Order, Outcome, Part } from "./part.ts";

const names = ["alpha", "beta"];
/** Messages between two restarts. */
const between = 12;

export const rollingRestart: Part = {
  name: "rolling-restart",
  about:
    "two servers are stopped in order and started again, one after the other, while four clients send",
  counts: { usual: 6, full: 60 },
  control: { bug: listed("an item to another server is in memory only"), count: 6 },
  async run({ seed, count, say }: Order): Promise<Outcome> {
    await using world = await startFederatedWorld({ names, seed });
    const people = await populate(world, names);
    const ledger = new Ledger(await gather(people, "restarts"));
    for (const client of people) complain(client, ledger);

    const talk = { over: false };
    const progress = createProgress();
    const waits: number[] = [];
    const talking = beside(
      people.map(async (client) => {
        for (let next = 0; !talk.over; next += 1) {
          const from = performance.now();
          await ledger.send(client, `${client.me.address} ${next}`);
          waits.push(performance.now() - from);
          progress.step();
        }
      }),
    );
    const [stops, starts]: [number[], number[]] = [[], []];
    for (let restart = 0; restart < count; restart += 1) {
      const more = progress.more(between);
      if (!(await ledger.patiently(more, "for messages to be accepted"))) break;
      const server = world.server(names[restart % names.length] ?? "");
      const { last } = ledger;
      const ended = server.ended();
      const from = performance.now();
      await server.stop();
      const stopped = performance.now();
      const code = await ended;
      if (code !== 0) ledger.report(`restart ${restart + 1}: it ended with ${code}`);
      await server.start();
      stops.push(stopped - from);
      starts.push(performance.now() - stopped);
      ledger.checkLog(world.server("alpha").databasePath, last, `restart ${restart + 1}`);
      if (restart % 10 === 9) say(`${restart + 1} restarts, ${ledger.accepted.size} accepted`);
    }
    talk.over = true;
    await ledger.patiently(talking, "for answers");
    await ledger.checkPeople(people);
    ledger.report(...compareServers(world, ledger.room));
    return {
      figures: {
        restarts: count,
        accepted: ledger.accepted.size,
        stopMsP50: quantile(stops, 0.5),
        stopMsMax: quantile(stops, 1),
        startMsP50: quantile(starts, 0.5),
        startMsMax: quantile(starts, 1),
        sendMsP50: quantile(waits, 0.5),
        sendMsMax: quantile(waits, 1),
      },
      violations: ledger.violations,
    };
  },
};

/** Of a restart a user hears that the connection was away for a moment, and nothing else. */
function complain(client: Client, ledger: Ledger): void {
  for (const name of ["gap", "fault", "senderOrder", "identityAlarm", "lostByServer"] as const) {
    client.on(name, (told) =>
      ledger.report(`${client.me.address} hears ${name} ${JSON.stringify(told)}`),
    );
  }
}
