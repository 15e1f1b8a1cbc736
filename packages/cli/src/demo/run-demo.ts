import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { domainOf, people, removed, type ServerName, serverNames, serverOfName } from "./cast.ts";
import { checkPromises, type DemoReport } from "./check-promises.ts";
import { type Children, createChildren } from "./children.ts";
import { converse } from "./converse.ts";
import { freePort } from "./free-port.ts";
import { befriend, register } from "./introduce.ts";
import { createLedger, type Ledger } from "./ledger.ts";
import { type Links, startLinks } from "./links.ts";
import { type Plan, planConversation } from "./plan.ts";
import { type ServerProcess, startServer } from "./server-process.ts";
import { type Chat, createUser } from "./user-process.ts";

export type DemoOptions = {
  readonly seed: number;
  readonly messages: number;
  readonly kills: number;
  readonly cuts: number;
  /** Leaves the files where they are, for a look. */
  readonly keep: boolean;
  say(line: string): void;
};

/** A text that only members may ever see. */
const canary = "canary-e3b7c1-only-members-read-this";
const password = "a demo password that nobody guesses 7f3a";
const room = "Tea";
const patienceSeconds = 120;

/** Runs the story and judges it. Whatever happens, no process and no file of it stays. */
export async function runDemo(options: DemoOptions): Promise<DemoReport> {
  const plan = planConversation({ ...options, canary });
  const directory = mkdtempSync(join(tmpdir(), "treehouse-demo-"));
  const children = createChildren();
  const clear = () => {
    children.killAll();
    if (!options.keep) rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
  };
  // An interrupt ends this process by its exit handlers.
  process.once("exit", clear);
  try {
    return await tellStory(options, plan, directory, children);
  } finally {
    clear();
    process.off("exit", clear);
    if (options.keep) options.say(`The files are in ${directory}.`);
  }
}

async function tellStory(
  options: DemoOptions,
  plan: Plan,
  directory: string,
  children: Children,
): Promise<DemoReport> {
  const { say } = options;
  const { servers, links } = await startServers(options.seed, directory, children);
  say(`Three homeservers serve: ${serverNames.map(domainOf).join(", ")}.`);
  const users = people.map((person) => {
    const url = servers.get(person.server)?.url ?? "";
    return createUser(directory, person, url, password, children);
  });
  await register(servers, users);
  say("Six people have accounts, two on each; their keys never left their own folders.");
  const [alice, ...others] = users;
  if (alice === undefined) throw new Error("there is nobody");
  const strangers = others.filter(({ name }) => serverOfName(name) !== serverOfName(alice.name));
  await befriend(alice, strangers);
  say("Alice asked the four on other servers for leave to add them, and they agreed.");
  const addresses = others.map(({ address }) => address);
  await alice.run("group", "create", room, "--add", ...addresses);
  say(`Alice made the conversation "${room}" and added all others.`);
  await Promise.all(others.map((user) => user.run("tail")));

  const ledger = createLedger(people.map(({ name }) => name));
  const chats = new Map<string, Chat>(
    users.map((user) => [user.name, user.chat(room, (event) => ledger.hear(user.name, event))]),
  );
  // A chat that never reached its server gives up: no server dies before all talk.
  const ready = () => people.every(({ name }) => ledger.happened(name, "ready", 1));
  await ledger.until("everybody to have opened the conversation", ready, patienceSeconds);
  const struck = await converse({ servers, links, ledger, chats, say }, plan);
  say("Everything was said. Everybody catches up and goes.");
  await settle(plan, ledger);
  for (const chat of chats.values()) {
    const code = await chat.end();
    if (code !== 0) throw new Error(`a chat ended with exit code ${code}`);
  }
  await Promise.all([...servers.values()].map((server) => server.stop()));
  links.stop();
  await children.allEnded();
  const report = await checkPromises({
    directory,
    users,
    room,
    ledger,
    canary,
    wanted: options,
    struck,
  });
  tell(say, report);
  return report;
}

/** All servers, each of which reaches each other one over a link of its own. */
async function startServers(
  seed: number,
  directory: string,
  children: Children,
): Promise<{ readonly servers: ReadonlyMap<ServerName, ServerProcess>; readonly links: Links }> {
  const ports = new Map<ServerName, number>();
  for (const name of serverNames) ports.set(name, await freePort());
  const urls = new Map([...ports].map(([name, port]) => [name, `http://127.0.0.1:${port}`]));
  const links = await startLinks(urls, seed, children);
  const starting = serverNames.map(async (name) => {
    const others = serverNames.filter((other) => other !== name);
    const server = await startServer(
      {
        directory: join(directory, name),
        domain: domainOf(name),
        port: ports.get(name) ?? 0,
        peers: new Map(others.map((other) => [domainOf(other), links.url(name, other)])),
      },
      children,
    );
    return [name, server] as const;
  });
  return { servers: new Map(await Promise.all(starting)), links };
}

/** Until everybody has shown what the others sent in the last third. */
async function settle(plan: Plan, ledger: Ledger): Promise<void> {
  const lines = plan[2].flatMap((burst) => burst.lines);
  const missing = (name: string) => {
    const shown = new Set(ledger.told(name).shown.map(({ text }) => text));
    return lines.some(({ user, text }) => user !== name && !shown.has(text));
  };
  const all = () => !people.some(({ name }) => missing(name));
  await ledger.until("everybody to have read all", all, patienceSeconds);
}

function tell(say: (line: string) => void, report: DemoReport): void {
  const { messages, kills, cuts, lost, duplicated, reordered, leaked, searched } = report;
  say(
    `${messages} messages, ${kills} kills, ${cuts} cuts: ` +
      `${lost} lost, ${duplicated} twice, ${reordered} out of order.`,
  );
  const away = removed.map((name) => name.charAt(0).toUpperCase() + name.slice(1)).join(" and ");
  say(
    `${away} read ${report.readWhileRemoved} messages of the time in which they were not members.`,
  );
  say(
    `The canary stands in ${leaked} of the servers' ${searched} files; ` +
      `the control was found in ${report.controls} of them.`,
  );
  say(report.ok ? "All promises held." : "A promise was broken.");
}
