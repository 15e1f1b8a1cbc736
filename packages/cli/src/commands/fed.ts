import type { PeerDetail, ProbeStep } from "@treehouse/protocol";
import type { Command } from "commander";

import { failureOf } from "../failure-of.ts";
import { CliFailure, EXIT } from "../failure.ts";
import type { Cli } from "./cli.ts";
import { duration } from "./duration.ts";
import { withBriefClient } from "./cli.ts";
import { describePeer, peerLine, ruleLine } from "./fed-text.ts";
import { wholeNumber } from "./whole-number.ts";

/** `treehouse fed`: with which other servers the own one speaks. For administrators. */
export function addFedCommands(cli: Cli): void {
  const fed = cli.program
    .command("fed")
    .description("other servers, for administrators: who they are, and who may come");
  addViews(cli, fed);
  addThaw(cli, fed);
  addRules(cli, fed);
}

function addViews(cli: Cli, fed: Command): void {
  fed
    .command("ls")
    .description("list the servers that are known, and the rules")
    .action(async () => {
      await withBriefClient(cli, async (client) => {
        const { own, peers, rules } = await client.admin.federation.overview();
        cli.output().note(`${own.domain} federates in the mode "${own.mode}"`);
        const known = new Set<string>(peers.map(({ domain }) => domain));
        const others = rules.filter(({ subject }) => !known.has(subject));
        const lines = new Map<Readonly<Record<string, unknown>>, string>([
          ...peers.map((peer) => [peer, peerLine(peer)] as const),
          ...others.map((other) => [other, ruleLine(other)] as const),
        ]);
        cli.output().list("peers", [...lines.keys()], (row) => lines.get(row) ?? "");
      });
    });
  fed
    .command("show")
    .description(
      "one server: its keys, its directory, what waits for it, which of its rooms are frozen",
    )
    .argument("<domain>")
    .action(async (domain: string) => {
      await withBriefClient(cli, async (client) => {
        const peer: PeerDetail = await listed(client.admin.federation.peer(domain));
        const frozenRooms = await client.admin.federation.frozenRooms(domain);
        cli.output().result({ ...peer, frozenRooms }, describePeer(peer, frozenRooms));
      });
    });
  fed
    .command("probe")
    .description("find a server and ask it something, step by step (exit 10 warnings, 11 failures)")
    .argument("<domain>")
    .action(async (domain: string) => {
      await withBriefClient(cli, async (client) => {
        const { works, steps } = await client.admin.federation.probe(domain);
        cli.output().result({ domain, works, steps }, steps.flatMap(stepText));
        const results = steps.map(({ result }) => result);
        if (results.includes("failed")) cli.exitWith(EXIT.failures);
        else if (results.includes("warning")) cli.exitWith(EXIT.warnings);
      });
    });
  fed
    .command("retry")
    .description("try at once to send what waits for a server")
    .argument("<domain>")
    .action(async (domain: string) => {
      await withBriefClient(cli, async (client) => {
        await listed(client.admin.federation.retry(domain));
        cli.output().result({ domain }, "Tried again.");
      });
    });
}

function addThaw(cli: Cli, fed: Command): void {
  fed
    .command("thaw")
    .description("let a room go on whose hub has told two stories")
    .argument("<room>")
    .action(async (room: string) => {
      await withBriefClient(cli, async (client) => {
        await client.admin.federation.thaw(room);
        cli.output().result({ room }, "It goes on from what its hub says now.");
      });
    });
}

type RuleOptions = { readonly reason?: string; readonly for?: string };

function addRules(cli: Cli, fed: Command): void {
  rule(fed, "allow", "speak with a server, or with all names below one (*.example.org)")
    .option("--new-key", "forget its keys, and believe those that it shows now")
    .action(async (subject: string, options: RuleOptions & { newKey?: boolean }) => {
      const { newKey = false } = options;
      await decide(cli, subject, "allow", async (client) =>
        client.admin.federation.allow(subject, { ...noteOf(options), ...(newKey && { newKey }) }),
      );
    });
  rule(fed, "deny", "speak with a server no more, neither way").action(
    async (subject: string, options: RuleOptions) => {
      await decide(cli, subject, "deny", async (client) =>
        client.admin.federation.deny(subject, noteOf(options)),
      );
    },
  );
  rule(fed, "limit", "let a server make only so many requests, each way")
    .option("--rate <number>", "requests a minute (default: 60)")
    .action(async (subject: string, options: RuleOptions & { rate?: string }) => {
      const perMinute =
        options.rate === undefined ? undefined : wholeNumber("--rate", options.rate);
      await decide(cli, subject, "limit", async (client) =>
        client.admin.federation.limit(subject, {
          ...noteOf(options),
          ...(perMinute === undefined ? {} : { perMinute }),
        }),
      );
    });
  fed
    .command("unset")
    .description("drop the rule about a server: the server's mode decides again")
    .argument("<domain>")
    .action(async (subject: string) => {
      await decide(cli, subject, "unset", async (client) => client.admin.federation.unset(subject));
    });
}

function rule(fed: Command, name: string, description: string): Command {
  return fed
    .command(name)
    .description(description)
    .argument("<domain>")
    .option("--reason <text>", "a note for the administrators of this server")
    .option("--for <duration>", "how long: 30m, 12h, 7d, 4w (default: until it is changed)");
}

async function decide(
  cli: Cli,
  subject: string,
  action: string,
  run: (client: Parameters<Parameters<typeof withBriefClient>[1]>[0]) => Promise<void>,
): Promise<void> {
  await withBriefClient(cli, async (client) => {
    await listed(run(client));
    cli.output().result({ subject, action }, "In force.");
  });
}

/** What is not there is a server or a rule, and not a path, which is what the code's own advice is about. */
async function listed<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    const { exit, code, message } = failureOf(error);
    if (code === "peerDenied") {
      const help =
        "`treehouse fed ls` shows the rule; `treehouse fed allow <domain>` speaks with it again.";
      throw new CliFailure(exit, code, message, { help });
    }
    if (code !== "notFound") throw error;
    const help = "`treehouse fed ls` lists the servers and rules that there are.";
    throw new CliFailure(exit, code, message, { help });
  }
}

function noteOf(options: RuleOptions): { reason?: string; expiresAt?: number } {
  return {
    ...(options.reason === undefined ? {} : { reason: options.reason }),
    ...(options.for === undefined
      ? {}
      : { expiresAt: Date.now() + duration("--for", options.for) }),
  };
}

function stepText({ step, result, text, fix }: ProbeStep): readonly string[] {
  const line = `${result.padEnd(8)}${step}: ${text}`;
  return fix === undefined ? [line] : [line, `        ${fix}`];
}
