import type { HistoryItem } from "@treehouse/client-sdk";

import { bodyText, fileLine } from "./file-text.ts";
import type { Cli } from "./cli.ts";
import { withBriefClient } from "./cli.ts";
import { wholeNumber } from "./whole-number.ts";

/** `treehouse history`: what the store holds of a conversation; works without a server. */
export function addHistoryCommand(cli: Cli): void {
  cli.program
    .command("history")
    .description("show a conversation as this store has it")
    .argument("<conversation>", "id, unique beginning of the id, or name")
    .option("--limit <number>", "the newest so many", "50")
    .option("--before <position>", "only what stands before this position")
    .action(async (reference: string, options: { limit: string; before?: string }) => {
      const limit = wholeNumber("--limit", options.limit);
      const before =
        options.before === undefined ? undefined : wholeNumber("--before", options.before);
      await withBriefClient(
        cli,
        async (client) => {
          const conversation = await client.conversations.get(reference);
          const range = before === undefined ? { limit } : { limit, before };
          const items = await conversation.history(range);
          cli.output().list("items", items.map(shown), lineOf);
        },
        { offline: true },
      );
    });
}

type Shown = ReturnType<typeof shown>;

/** Without the keys of files. */
function shown(item: HistoryItem) {
  return item.kind === "message" ? { ...item, files: item.files.map(fileLine) } : item;
}

function lineOf(item: Shown): string {
  const at = `${item.position} ${new Date(item.acceptedAt).toISOString()}`;
  switch (item.kind) {
    case "message":
      return `${at} ${item.senderAddress}: ${textOf(item)}`;
    case "membership": {
      const added = item.added.map((address) => `+${address}`);
      const removed = item.removed.map((address) => `-${address}`);
      return `${at} * ${item.by} ${[...added, ...removed].join(" ")}`.trimEnd();
    }
    case "fault":
      return `${at} ! ${item.code}: ${item.text}`;
  }
}

function textOf(item: Shown & { readonly kind: "message" }): string {
  const edited = item.editedAt === undefined ? "" : " (edited)";
  const reactions = item.reactions.map(({ emoji, by }) => `  ${emoji} ${by.length}`).join("");
  return `${bodyText(item)}${edited}${reactions}`;
}
