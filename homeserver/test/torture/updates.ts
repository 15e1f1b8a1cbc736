import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../federation-e2e/free-port.ts";
import { type ServerProcess, startServerProcess } from "../federation-e2e/server.ts";
import { earlierMissing, layOutEarlier } from "./earlier-state.ts";
import { compareServers } from "./kills.ts";
import { Ledger } from "./ledger.ts";
import type { Order, Outcome, Part } from "./part.ts";
import { Terminal } from "./terminal.ts";

const domains = ["alpha.example", "beta.example"] as const;
const topic = "updates";

export const updates: Part = {
  name: "updates",
  about:
    "two servers and the programs of two people are those of an earlier state, and are updated one after the other",
  counts: { usual: 2, full: 12 },
  missing: earlierMissing,
  control: {
    bug: {
      name: "what an earlier client says is refused",
      file: "packages/protocol/src/content/decode-content.ts",
      find: "salt.length !== 16",
      replace: "salt.length !== 15",
    },
    count: 1,
  },
  async run({ directory, count, say }: Order): Promise<Outcome> {
    const checkout = join(directory, "earlier");
    layOutEarlier(checkout);
    const servers = await startServers(directory, checkout);
    try {
      const people = await enrol(directory, checkout, servers);
      const [ann, ben] = people;
      const [room] = (await ann.run("group", "create", topic, "--add", ben.address)).split("\n");
      if (room === undefined) throw new Error("no room was founded");
      const ledger = new Ledger(room);
      // What a command of theirs ends with is as much a violation as what they then lack.
      await updateAll(ledger, servers, people, { count, say }).catch((error: unknown) => {
        ledger.report(String(error));
      });
      ledger.report(...compareServers({ servers }, room));
      return { figures: { accepted: ledger.accepted.size }, violations: ledger.violations };
    } finally {
      for (const server of servers) await server.kill();
    }
  },
};

/** Both speak `count` times before the first update and after each, and read all that was said. */
async function updateAll(
  ledger: Ledger,
  [hub, follower]: Pair,
  people: readonly [Terminal, Terminal],
  { count, say }: Pick<Order, "count" | "say">,
): Promise<void> {
  const [ann, ben] = people;
  const updating: readonly (readonly [what: string, update: () => Promise<void>])[] = [
    ["nothing", async () => undefined],
    ["the hub", () => updateServer(hub, ledger)],
    ["one of its users", async () => ann.update()],
    ["the follower", () => updateServer(follower, ledger)],
    ["one of its users", async () => ben.update()],
  ];
  let said = 0;
  for (const [what, update] of updating) {
    await update();
    for (const last = said + count; said < last; said += 1) {
      for (const person of people) {
        const text = `${person.address} ${said}`;
        ledger.accept(await person.send(topic, text), text);
      }
    }
    for (const person of people) await look(ledger, person);
    say(`${what} is updated, ${ledger.accepted.size} accepted`);
  }
}

type Pair = readonly [ServerProcess, ServerProcess];

async function startServers(directory: string, checkout: string): Promise<Pair> {
  const ports = [await freePort(), await freePort()] as const;
  const start = async (own: 0 | 1): Promise<ServerProcess> => {
    const other = own === 0 ? 1 : 0;
    return startServerProcess({
      domain: domains[own],
      directory,
      port: ports[own],
      metricsPort: await freePort(),
      peers: { [domains[other]]: `http://127.0.0.1:${ports[other]}` },
      checkout,
    });
  };
  const hub = await start(0);
  try {
    return [hub, await start(1)];
  } catch (error) {
    await hub.kill();
    throw error;
  }
}

/** One on each server, who know each other. */
async function enrol(
  directory: string,
  checkout: string,
  [hub, follower]: Pair,
): Promise<readonly [Terminal, Terminal]> {
  const register = async (name: string, server: ServerProcess): Promise<Terminal> => {
    const home = join(directory, name);
    mkdirSync(home);
    const terminal = new Terminal(`${name}@${server.domain}`, home, checkout);
    await terminal.register(server.url);
    return terminal;
  };
  const [ann, ben] = [await register("ann", hub), await register("ben", follower)];
  await ann.befriend(ben);
  return [ann, ben];
}

/** What was said comes to everybody, and can be read. */
async function look(ledger: Ledger, person: Terminal): Promise<void> {
  let items = await person.history(topic);
  const wait = { inVain: false };
  const all = async (): Promise<void> => {
    while (
      !wait.inVain &&
      !items.some((item) => "position" in item && item.position === ledger.last)
    ) {
      items = await person.history(topic);
    }
  };
  wait.inVain = !(await ledger.patiently(all(), `for all messages to come to ${person.address}`));
  const kept = items.filter((item) => item.kind === "message");
  const faults = items.filter((item) => item.kind === "fault");
  ledger.checkKept(
    person.address,
    kept,
    faults.map(({ code, text }) => `${code} ${text}`),
  );
}

async function updateServer(server: ServerProcess, ledger: Ledger): Promise<void> {
  const ended = server.ended();
  await server.stop();
  const code = await ended;
  if (code !== 0) ledger.report(`${server.domain} ended with ${code}`);
  server.update();
  await server.start();
}
