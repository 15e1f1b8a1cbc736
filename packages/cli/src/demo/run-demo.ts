import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { checkPromises, type DemoReport } from "./check-promises.ts";
import { createLedger, type Ledger } from "./ledger.ts";
import { seeded } from "./seeded.ts";
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

/** One line of the conversation: who says it, and whether the server dies while it is under way. */
type Turn = { readonly user: string; readonly text: string; readonly kill: boolean };

export async function runDemo(options: DemoOptions): Promise<DemoReport> {
  const directory = mkdtempSync(join(tmpdir(), "treehouse-demo-"));
  const { say } = options;
  const server = await startServer(directory);
  say(`A homeserver serves at ${server.url}.`);
  try {
    const users = ["alice", "bob", "carol"].map((name) =>
      createUser(directory, name, server.url, password),
    );
    await register(server, users);
    say("Alice, Bob and Carol have accounts; their keys never left their own folders.");
    const [alice, bob, carol] = users;
    if (alice === undefined || bob === undefined || carol === undefined) throw new Error("users");
    await alice.run("group", "create", room, "--add", bob.address, carol.address);
    say(`Alice made the conversation "${room}" and added Bob and Carol.`);
    await bob.run("tail");
    await carol.run("tail");

    const ledger = createLedger(users.map(({ name }) => name));
    const chats = new Map<string, Chat>(
      users.map((user) => [user.name, user.chat(room, (event) => ledger.hear(user.name, event))]),
    );
    const kills = await converse(options, server, ledger, chats, carol);
    say("Everything was said. Everybody catches up and goes.");
    await settle(options, ledger);
    for (const chat of chats.values()) {
      const code = await chat.end();
      if (code !== 0) throw new Error(`a chat ended with exit code ${code}`);
    }
    await server.stop();
    const report = await checkPromises({ directory, users, room, ledger, canary, kills });
    tell(say, report);
    return report;
  } finally {
    await server.stop();
    if (options.keep) say(`The files are in ${directory}.`);
    else rmSync(directory, { recursive: true, force: true });
  }
}

async function register(server: ServerProcess, users: readonly UserProcess[]): Promise<void> {
  let invite = server.invite;
  for (const [index, user] of users.entries()) {
    await user.run("account", "register", user.address, "--server", server.url, "--invite", invite);
    if (index === 0) invite = (await user.run("admin", "invite", "create", "--uses", "9")).trim();
  }
}

/**
 * Everybody talks. Carol is removed after a third and added again after two thirds; in between
 * only the others speak. At the seeded turns the server is killed while messages are under way.
 */
async function converse(
  options: DemoOptions,
  server: ServerProcess,
  ledger: Ledger,
  chats: ReadonlyMap<string, Chat>,
  carol: UserProcess,
): Promise<number> {
  const { say } = options;
  const turns = plan(options);
  const third = Math.floor(turns.length / 3);
  const inFlightMax = 12;
  let kills = 0;
  let said = 0;
  const accepted = () =>
    ["alice", "bob", "carol"].reduce((sum, name) => sum + ledger.told(name).accepted.size, 0);
  for (const [index, { user, text, kill }] of turns.entries()) {
    if (index === third) {
      await ledger.until("all to be accepted", () => accepted() === said, patienceSeconds);
      chats.get("alice")?.say(`/remove ${carol.address}`);
      await ledger.until(
        "Carol to go",
        () => ledger.happened("carol", "removed", 1),
        patienceSeconds,
      );
      say("Alice removed Carol; Alice and Bob go on.");
    }
    if (index === 2 * third) {
      await ledger.until("all to be accepted", () => accepted() === said, patienceSeconds);
      chats.get("alice")?.say(`/add ${carol.address}`);
      await ledger.until(
        "Carol to be back",
        () => ledger.happened("carol", "joined", 1),
        patienceSeconds,
      );
      say("Alice added Carol again.");
    }
    chats.get(user)?.say(text);
    said += 1;
    if (kill) {
      await server.killAndRestart();
      kills += 1;
      say(`The server was killed with ${said - accepted()} messages under way, and is back.`);
    }
    await ledger.until(
      "the queue to shrink",
      () => said - accepted() < inFlightMax,
      patienceSeconds,
    );
  }
  await ledger.until("all to be accepted", () => accepted() === said, patienceSeconds);
  return kills;
}

function plan({ seed, messages, kills }: DemoOptions): readonly Turn[] {
  const random = seeded(seed);
  const third = Math.floor(messages / 3);
  const killed = new Set<number>();
  while (killed.size < Math.min(kills, messages)) killed.add(Math.floor(random() * messages));
  return Array.from({ length: messages }, (_, index) => {
    const present = index >= third && index < 2 * third ? ["alice", "bob"] : everybody;
    const user = present[Math.floor(random() * present.length)] ?? "alice";
    return { user, text: `${index} ${canary} from ${user}`, kill: killed.has(index) };
  });
}

const everybody = ["alice", "bob", "carol"];

/** Until everybody has shown what the others sent in the last third. */
async function settle(options: DemoOptions, ledger: Ledger): Promise<void> {
  const last = plan(options).at(-1);
  if (last === undefined) return;
  const others = everybody.filter((name) => name !== last.user);
  await ledger.until(
    "everybody to have read the last message",
    () => others.every((name) => ledger.told(name).shown.some(({ text }) => text === last.text)),
    patienceSeconds,
  );
}

function tell(say: (line: string) => void, report: DemoReport): void {
  const { messages, kills, lost, duplicated, reordered, leaked } = report;
  say(
    `${messages} messages, ${kills} kills: ${lost} lost, ${duplicated} twice, ${reordered} out of order.`,
  );
  say(`Carol read ${report.readWhileRemoved} messages of the time in which she was not a member.`);
  say(
    `The canary stands in ${leaked} of the server's files; the control was found in ${report.controls}.`,
  );
  say(report.ok ? "All promises held." : "A promise was broken.");
}
