import type { Conversation } from "@treehouse/client-sdk";
import type { Command } from "commander";

import { CliFailure, EXIT } from "../failure.ts";
import type { Cli } from "./cli.ts";
import { withCaughtUpClient } from "./cli.ts";

/** `treehouse edit`, `delete` and `react`: what one does to a message that was sent. */
export function addMessageCommands(cli: Cli): void {
  command(cli, "edit", "put another text in the place of one of your messages")
    .argument("<text>")
    .option("--markdown", "the text is Markdown")
    .action(
      async (reference: string, id: string, text: string, options: { markdown?: boolean }) => {
        const format = options.markdown === true ? "markdown" : "plain";
        await onMessage(cli, reference, id, async (conversation, whole) => {
          const { position } = await conversation.edit(whole, text, { format });
          cli.output().result({ id: whole, position }, `edited at position ${position}`);
        });
      },
    );
  command(cli, "delete", "take a message back: every client erases it").action(
    async (reference: string, id: string) => {
      await onMessage(cli, reference, id, async (conversation, whole) => {
        const { position } = await conversation.delete(whole);
        cli.output().result({ id: whole, position }, `deleted at position ${position}`);
      });
    },
  );
  command(cli, "react", "say an emoji to a message")
    .argument("<emoji>", "or :name:, a custom one of yours")
    .option("--remove", "take it back")
    .action(async (reference: string, id: string, emoji: string, options: { remove?: boolean }) => {
      const removed = options.remove === true;
      await onMessage(cli, reference, id, async (conversation, whole) => {
        await (removed ? conversation.unreact(whole, emoji) : conversation.react(whole, emoji));
        const text = removed ? `took back ${emoji}` : `said ${emoji}`;
        cli.output().result({ id: whole, emoji, removed }, text);
      });
    });
}

function command(cli: Cli, verb: string, description: string): Command {
  return cli.program
    .command(verb)
    .description(description)
    .argument("<conversation>", "id, unique beginning of the id, or name")
    .argument("<message>", "id, or a unique beginning of it, of one of the newest 500");
}

const looked = 500;

async function onMessage(
  cli: Cli,
  reference: string,
  id: string,
  run: (conversation: Conversation, id: string) => Promise<void>,
): Promise<void> {
  await withCaughtUpClient(cli, async (client) => {
    const conversation = await client.conversations.get(reference);
    await run(conversation, id.length === 64 ? id : await wholeId(conversation, id));
  });
}

/** The id of the one message, of the newest 500, that begins so. */
export async function wholeId(conversation: Conversation, start: string): Promise<string> {
  const items = await conversation.history({ limit: looked });
  const found = items.flatMap((item) =>
    item.kind === "message" && item.id.startsWith(start) ? [item.id] : [],
  );
  const [only, another] = found;
  if (only !== undefined && another === undefined) return only;
  const text = only === undefined ? "no message begins with" : "more than one message begins with";
  throw new CliFailure(EXIT.usage, "notFound", `${text} "${start}"`, {
    help: "`treehouse history --json <conversation>` shows the ids.",
  });
}
