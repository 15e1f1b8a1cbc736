import type { Organisation, OrganiseWish } from "@treehouse/client-sdk";
import type { Command } from "commander";

import { CliFailure, EXIT } from "../failure.ts";
import type { Cli } from "./cli.ts";
import { withBriefClient, withCaughtUpClient } from "./cli.ts";
import { wholeNumber } from "./whole-number.ts";

/** `treehouse group pin`, `archive`, `mute`, `unread`, `tag` and `find`: for oneself, on all clients. */
export function addOrganisationCommands(cli: Cli, noun: Command): void {
  command(noun, "pin", "keep a conversation at the top, behind those that are there")
    .option("--before <conversation>", "before this pinned one")
    .option("--remove", "take it down")
    .action(async (reference: string, options: { before?: string; remove?: boolean }) => {
      await organise(cli, reference, async (idOf) => {
        if (options.remove === true) return { pinned: false };
        if (options.before === undefined) return { pinned: true };
        return { pinned: { before: await idOf(options.before) } };
      });
    });
  command(noun, "archive", "put a conversation out of the way until somebody says something there")
    .option("--keep", "whatever comes")
    .option("--remove", "bring it back")
    .action(async (reference: string, options: { keep?: boolean; remove?: boolean }) => {
      const archived = options.remove === true ? false : options.keep === true ? "keep" : true;
      await organise(cli, reference, async () => ({ archived }));
    });
  command(noun, "mute", "be told of nothing there, but silently of mentions")
    .option("--for <time>", "for so long: 90m, 8h, 7d; without it for good")
    .option("--remove", "end it")
    .action(async (reference: string, options: { for?: string; remove?: boolean }) => {
      const until = options.for === undefined ? undefined : Date.now() + durationOf(options.for);
      const muted = options.remove === true ? false : until === undefined ? true : { until };
      await organise(cli, reference, async () => ({ muted }));
    });
  command(noun, "unread", "mark a conversation as unread, until it is read").action(
    async (reference: string) => {
      await organise(cli, reference, async () => ({ marked: true }));
    },
  );
  command(noun, "tag", "put labels on a conversation")
    .argument("<labels...>")
    .option("--remove", "take them off")
    .action(async (reference: string, labels: string[], options: { remove?: boolean }) => {
      const wish = options.remove === true ? { removeLabels: labels } : { addLabels: labels };
      await organise(cli, reference, async () => wish);
    });
  noun
    .command("find")
    .description("find conversations by a name or by who is in, also with a slip of the finger")
    .argument("<text>", "as far as it is known")
    .option("--limit <number>", "at most so many", "20")
    .action(async (text: string, options: { limit: string }) => {
      const limit = wholeNumber("--limit", options.limit);
      await withBriefClient(
        cli,
        async (client) => {
          const rows = await client.conversations.find(text, { limit });
          cli
            .output()
            .list("conversations", rows, ({ id, name, by, matched }) =>
              [id, name, ...(by === "member" ? [`(${matched})`] : [])].join("  "),
            );
        },
        { offline: true },
      );
    });
}

function command(noun: Command, verb: string, description: string): Command {
  return noun
    .command(verb)
    .description(description)
    .argument("<conversation>", "id, unique beginning of the id, or name");
}

async function organise(
  cli: Cli,
  reference: string,
  wishOf: (idOf: (other: string) => Promise<string>) => Promise<OrganiseWish>,
): Promise<void> {
  await withCaughtUpClient(cli, async (client) => {
    const conversation = await client.conversations.get(reference);
    const wish = await wishOf(async (other) => (await client.conversations.get(other)).id);
    const organisation = await conversation.organise(wish);
    const { id } = conversation;
    cli.output().result({ id, ...jsonOf(organisation) }, textOf(organisation));
  });
}

function jsonOf(organisation: Organisation) {
  const { pinned = null, muted = null, ...rest } = organisation;
  return { pinned, muted, ...rest };
}

function textOf({ pinned, archived, muted, marked, labels }: Organisation): string {
  const until = typeof muted === "number" ? ` until ${new Date(muted).toISOString()}` : "";
  const words = [
    ...(pinned === undefined ? [] : [`pinned as number ${pinned + 1}`]),
    ...(archived ? ["archived"] : []),
    ...(muted === undefined ? [] : [`muted${until}`]),
    ...(marked ? ["marked as unread"] : []),
    ...labels.map((label) => `#${label}`),
  ];
  return words.length === 0 ? "as any other" : words.join(", ");
}

const units: Readonly<Record<string, number>> = { m: 60, h: 3600, d: 86_400, w: 604_800 };

export function durationOf(text: string): number {
  const [, count, unit] = /^(\d{1,5})([mhdw])$/.exec(text) ?? [];
  if (count !== undefined && unit !== undefined) return Number(count) * (units[unit] ?? 0) * 1000;
  throw new CliFailure(EXIT.usage, "malformed", `"${text}" is no time such as 90m, 8h or 7d`);
}
