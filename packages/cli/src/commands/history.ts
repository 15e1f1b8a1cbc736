import type { HistoryItem } from "@treehouse/client-sdk";

import { CliFailure, EXIT } from "../failure.ts";
import { indented } from "../output.ts";
import type { Cli } from "./cli.ts";
import { withBriefClient } from "./cli.ts";

/** `treehouse history`: what the store holds of a conversation; works without a server. */
export function addHistoryCommand(cli: Cli): void {
  cli.program
    .command("history")
    .description("show a conversation as this store has it")
    .argument("<conversation>", "id, unique beginning of the id, or name")
    .option("--limit <number>", "the newest so many", "50")
    .option("--before <position>", "only what stands before this position")
    .action(async (reference: string, options: { limit: string; before?: string }) => {
      const limit = Number(options.limit);
      const before = options.before === undefined ? undefined : Number(options.before);
      const whole = (value: number) => Number.isSafeInteger(value) && value > 0;
      const bad = !whole(limit) || (before !== undefined && !whole(before));
      if (bad)
        throw new CliFailure(
          EXIT.usage,
          "badNumber",
          "--limit and --before take whole numbers above 0",
        );
      await withBriefClient(
        cli,
        async (client) => {
          const conversation = await client.conversations.get(reference);
          const range = before === undefined ? { limit } : { limit, before };
          const items = await conversation.history(range);
          const output = cli.output();
          output.list("items", items, (row) => describe(items, row));
        },
        { offline: true },
      );
    });
}

function describe(items: readonly HistoryItem[], row: Readonly<Record<string, unknown>>): string {
  const item = items.find(({ position }) => position === row["position"]);
  if (item === undefined) return "";
  const at = `${item.position} ${new Date(item.acceptedAt).toISOString()}`;
  switch (item.kind) {
    case "message":
      return `${at} ${item.senderAddress}: ${indented(item.text)}`;
    case "membership": {
      const added = item.added.map((address) => `+${address}`);
      const removed = item.removed.map((address) => `-${address}`);
      return `${at} * ${item.by} ${[...added, ...removed].join(" ")}`.trimEnd();
    }
    case "fault":
      return `${at} ! ${item.code}: ${item.text}`;
  }
}
