/**
 * `npm run bench -- <name> [options] [--json]`: measures, and prints one line a measurement. The
 * server runs on the first core and the generator on the second; figures are shares of a bare
 * ceiling that is measured in the same run.
 */
import { parseArgs } from "node:util";

import { benchChat } from "./chat.ts";
import { benchFanout } from "./fanout.ts";
import { benchFederation } from "./federation.ts";
import { benchIdle } from "./idle.ts";
import { benchLatency } from "./latency.ts";
import { benchMls } from "./mls.ts";
import { pin } from "./process-stat.ts";
import { createReport } from "./report.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "boolean", default: false },
    seconds: { type: "string", default: "6" },
    rounds: { type: "string", default: "3" },
    members: { type: "string", default: "100" },
    connections: { type: "string", default: "5000" },
    part: { type: "string", default: "closed,forwarded,open,outage,third,peers" },
    peers: { type: "string", default: "50" },
    backlog: { type: "string", default: "10000" },
    outage: { type: "string", default: "30" },
    sizes: { type: "string", default: "2,10,100,1000" },
    repeats: { type: "string", default: "20" },
  },
});

const [name = ""] = positionals;
const report = createReport(values.json);
const seconds = Number(values.seconds);
const rounds = Number(values.rounds);
pin(process.pid, 1);

const benches: Record<string, () => Promise<void>> = {
  chat: () => benchChat({ seconds, rounds }, report),
  fanout: () => benchFanout({ seconds, rounds, members: Number(values.members) }, report),
  federation: () =>
    benchFederation(
      {
        seconds,
        rounds,
        parts: values.part.split(","),
        peers: Number(values.peers),
        backlog: Number(values.backlog),
        outageSeconds: Number(values.outage),
      },
      report,
    ),
  idle: () => benchIdle({ connections: Number(values.connections) }, report),
  latency: () => benchLatency({ messages: Number(values.repeats) * 10 }, report),
  mls: () =>
    benchMls(
      { sizes: values.sizes.split(",").map(Number), repeats: Number(values.repeats) },
      report,
    ),
};

const bench = benches[name];
if (bench === undefined) {
  console.error(`There is no bench "${name}". Known: ${Object.keys(benches).join(", ")}.`);
  process.exitCode = 1;
} else {
  await bench();
}
