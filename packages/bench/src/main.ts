/**
 * `npm run bench -- <name> [options] [--json]`: measures, and prints one line a measurement. The
 * server runs on the first core and the generator on the second; figures are shares of a bare
 * ceiling that is measured in the same run. `mls` has no server, and both cores for its threads.
 */
import { benchAssets } from "./assets.ts";
import { benchChat } from "./chat.ts";
import { benchXmpp } from "./compare-xmpp.ts";
import { benchFanout } from "./fanout.ts";
import { benchFederation } from "./federation.ts";
import { isFit, runAsGenerator } from "./generator.ts";
import { benchHistory } from "./history.ts";
import { benchIdle } from "./idle.ts";
import { benchKeyPackages } from "./key-packages.ts";
import { benchLatency } from "./latency.ts";
import { benchLogin } from "./login.ts";
import { benchMls } from "./mls.ts";
import { benchOffline } from "./offline.ts";
import { pin } from "./process-stat.ts";
import { benchReconnect } from "./reconnect.ts";
import { createReport } from "./report.ts";
import { benchScale } from "./scale.ts";
import { benchSearch } from "./search.ts";
import { readWanted, type Wanted } from "./wanted.ts";

type Bench = (wanted: Wanted, report: ReturnType<typeof createReport>) => Promise<void>;

const benches: Readonly<Record<string, Bench>> = {
  assets: ({ megabytes, rounds }, report) => benchAssets({ megabytes, rounds }, report),
  chat: ({ seconds, rounds }, report) => benchChat({ seconds, rounds }, report),
  fanout: ({ seconds, rounds, members }, report) =>
    benchFanout({ seconds, rounds, members }, report),
  federation: ({ seconds, rounds, parts, peers, backlog, outageSeconds }, report) =>
    benchFederation({ seconds, rounds, parts, peers, backlog, outageSeconds }, report),
  keypackages: ({ repeats }, report) => benchKeyPackages({ repeats }, report),
  login: ({ repeats }, report) => benchLogin({ repeats }, report),
  offline: ({ messages }, report) => benchOffline({ messages }, report),
  reconnect: ({ connections }, report) => benchReconnect({ connections }, report),
  scale: ({ seconds, rounds, rooms, entries }, report) =>
    benchScale({ seconds, rounds, rooms, entries }, report),
  // The same run, for who looks for the start of the SDK.
  sdk: ({ repeats }, report) => benchLogin({ repeats }, report),
  history: ({ messages, repeats }, report) => benchHistory({ messages, repeats }, report),
  idle: ({ connections }, report) => benchIdle({ connections }, report),
  latency: ({ repeats }, report) => benchLatency({ messages: repeats * 10 }, report),
  search: ({ messages, repeats }, report) =>
    benchSearch({ messages, queries: repeats * 10 }, report),
  xmpp: ({ seconds, rounds, members, xmpp }, report) =>
    benchXmpp({ seconds, rounds, members, xmpp }, report),
  mls: ({ sizes, repeats }, report) => benchMls({ sizes, repeats }, report),
};

const run = prepared(process.argv.slice(2));
if (run === undefined) process.exitCode = 1;
else await run();

/** Undefined if the arguments mean nothing, which it then says. */
function prepared(args: readonly string[]): (() => Promise<void>) | undefined {
  try {
    const wanted = readWanted(args);
    const bench = Object.hasOwn(benches, wanted.name) ? benches[wanted.name] : undefined;
    if (bench === undefined) {
      const known = Object.keys(benches).join(", ");
      throw new TypeError(`There is no bench "${wanted.name}". Known: ${known}.`);
    }
    if (!isFit(wanted.name)) return () => runAsGenerator(args);
    if (wanted.name !== "mls") pin(process.pid, 1);
    return () => bench(wanted, createReport(wanted.json));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    console.error(error.message);
    return undefined;
  }
}
