import type { Client, ContactPresence, PresenceChoice } from "@treehouse/client-sdk";
import type { Command } from "commander";

import { CliFailure, EXIT } from "../failure.ts";
import { oneLine, type Output } from "../output.ts";
import type { Cli } from "./cli.ts";
import { onEnd, withCaughtUpClient, withClient } from "./cli.ts";
import { wholeNumber } from "./whole-number.ts";

const states: readonly PresenceChoice["state"][] = ["online", "idle", "dnd", "invisible"];
const defaultWaitSeconds = 2;

/** `treehouse presence`: how one shows oneself to contacts, and how they are there. */
export function addPresenceCommands(cli: Cli): void {
  const noun = cli.program.command("presence").description("who is there, for contacts alone");
  addSet(cli, noun);
  noun
    .command("ls")
    .description("show yourself, and list the contacts that answer")
    .option("--wait <seconds>", "how long to wait for answers", String(defaultWaitSeconds))
    .action(async (options: { wait: string }) => {
      const seconds = wholeNumber("--wait", options.wait);
      await withCaughtUpClient(cli, async (client) => {
        await client.presence.active();
        await pause(cli, seconds * 1_000);
        const contacts = await client.presence.list();
        cli.output().list("contacts", contacts, lineOf);
        if (contacts.length === 0) cli.output().hint("Nobody is there, or shows it.");
      });
    });
  noun
    .command("watch")
    .description("show yourself, and every change of contacts, until interrupted")
    .option("--limit <number>", "end after so many changes")
    .action(async (options: { limit?: string }) => {
      const limit = options.limit === undefined ? Infinity : wholeNumber("--limit", options.limit);
      await withClient(cli, (client) => watch(cli, client, limit));
    });
}

function addSet(cli: Cli, noun: Command): void {
  noun
    .command("set")
    .description("choose how this client shows you, from now on")
    .argument("<state>", states.join(", "))
    .option("--activity <text>", "what you do; at most 128 octets")
    .option("--for <minutes>", "when the activity ends")
    .action(async (word: string, options: { activity?: string; for?: string }) => {
      const state = states.find((one) => one === word);
      if (state === undefined) {
        throw new CliFailure(EXIT.usage, "malformed", `"${word}" is no presence`, {
          help: `There are: ${states.join(", ")}.`,
        });
      }
      const minutes = options.for === undefined ? undefined : wholeNumber("--for", options.for);
      const until = minutes === undefined ? undefined : Date.now() + minutes * 60_000;
      const { activity } = options;
      await withCaughtUpClient(cli, async (client) => {
        await client.presence.set({ state, activity, until });
        const settings = await client.settings.get();
        if (settings.presence === "nobody" && state !== "invisible") {
          cli.output().hint("Nobody sees it: `treehouse account set presence contacts`.");
        }
        const chosen = { state, activity: activity ?? null, until: until ?? null };
        cli.output().result(chosen, activity === undefined ? state : `${state}: ${activity}`);
      });
    });
}

async function watch(cli: Cli, client: Client, limit: number): Promise<void> {
  if (cli.stopped.aborted) return;
  await new Promise<void>((resolve, reject) => {
    let shown = 0;
    cli.stopped.addEventListener("abort", () => resolve(), { once: true });
    onEnd(client, reject);
    client.on("presence", (presence) => {
      if (shown >= limit) return;
      shown += 1;
      printPresence(cli.output(), presence);
      if (shown >= limit) resolve();
    });
    client.presence.active().catch(reject);
  });
}

/** As an item of a stream. */
export function printPresence(output: Output, presence: ContactPresence): void {
  const { address, state, activity, until } = presence;
  const value = { address, state, activity: activity ?? null, until: until ?? null };
  output.item({ event: "presence", ...value }, lineOf(presence));
}

function lineOf({ address, state, activity }: ContactPresence): string {
  return activity === undefined
    ? `${address}  ${state}`
    : `${address}  ${state}  ${oneLine(activity)}`;
}

function pause(cli: Cli, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    const stop = (): void => {
      clearTimeout(timer);
      resolve();
    };
    cli.stopped.addEventListener("abort", stop, { once: true });
  });
}
