import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { checkPromises, type DemoReport } from "./check-promises.ts";
import { type Children, createChildren } from "./children.ts";
import { converse } from "./converse.ts";
import { createLedger, type Ledger } from "./ledger.ts";
import { planConversation } from "./plan.ts";
import { type ServerProcess, startServer } from "./server-process.ts";
import { type Chat, createUser, type UserProcess } from "./user-process.ts";

export type DemoOptions = {
  readonly seed: number;
  readonly messages: number;
  readonly kills: number;
  /** Leaves the files where they are, for a look. */
  readonly keep: boolean;
  say(line: string): void;
};

/** A text that only members may ever see. */
const canary = "canary-e3b7c1-only-members-read-this";
const password = "a demo password that nobody guesses 7f3a";
const room = "Tea";
const patienceSeconds = 60;
const names = ["alice", "bob", "carol"];

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
  plan: ReturnType<typeof planConversation>,
  directory: string,
  children: Children,
): Promise<DemoReport> {
  const { say } = options;
  const server = await startServer(directory, children);
  say(`A homeserver serves at ${server.url}.`);
  const users = names.map((name) => createUser(directory, name, server.url, password, children));
  await register(server, users);
  say("Alice, Bob and Carol have accounts; their keys never left their own folders.");
  const [alice, ...others] = users;
  if (alice === undefined) throw new Error("there is nobody");
  const addresses = others.map(({ address }) => address);
  await alice.run("group", "create", room, "--add", ...addresses);
  say(`Alice made the conversation "${room}" and added Bob and Carol.`);
  for (const user of others) await user.run("tail");

  const ledger = createLedger(names);
  const chats = new Map<string, Chat>(
    users.map((user) => [user.name, user.chat(room, (event) => ledger.hear(user.name, event))]),
  );
  const underWay = await converse({ server, ledger, chats, say }, plan);
  say("Everything was said. Everybody catches up and goes.");
  await settle(plan, ledger);
  for (const chat of chats.values()) {
    const code = await chat.end();
    if (code !== 0) throw new Error(`a chat ended with exit code ${code}`);
  }
  await server.stop();
  if (children.running() > 0) throw new Error("a process did not end by itself");
  const { messages, kills } = options;
  const report = await checkPromises({
    directory,
    users,
    room,
    ledger,
    canary,
    wanted: { messages, kills },
    underWay,
  });
  tell(say, report);
  return report;
}

async function register(server: ServerProcess, users: readonly UserProcess[]): Promise<void> {
  let invite = server.invite;
  for (const [index, user] of users.entries()) {
    await user.run("account", "register", user.address, "--invite", invite);
    if (index === 0) invite = (await user.run("admin", "invite", "create", "--uses", "9")).trim();
  }
}

/** Until everybody has shown what the others sent in the last third. */
async function settle(plan: ReturnType<typeof planConversation>, ledger: Ledger): Promise<void> {
  const lines = plan[2].flatMap((burst) => burst.lines);
  const texts = new Map(
    names.map((name) => [name, lines.filter(({ user }) => user !== name).map(({ text }) => text)]),
  );
  const read = (name: string) => {
    const shown = new Set(ledger.told(name).shown.map(({ text }) => text));
    return texts.get(name)?.every((text) => shown.has(text)) === true;
  };
  await ledger.until("everybody to have read all", () => names.every(read), patienceSeconds);
}

function tell(say: (line: string) => void, report: DemoReport): void {
  const { messages, kills, lost, duplicated, reordered, leaked, searched } = report;
  say(
    `${messages} messages, ${kills} kills: ` +
      `${lost} lost, ${duplicated} twice, ${reordered} out of order.`,
  );
  say(`Carol read ${report.readWhileRemoved} messages of the time in which she was not a member.`);
  say(
    `The canary stands in ${leaked} of the server's ${searched} files; ` +
      `the control was found in ${report.controls} of them.`,
  );
  say(report.ok ? "All promises held." : "A promise was broken.");
}
