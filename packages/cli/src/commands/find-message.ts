import type { Conversation } from "@treehouse/client-sdk";
import type { Command } from "commander";

import { CliFailure, EXIT } from "../failure.ts";
import type { Cli } from "./cli.ts";
import { withCaughtUpClient } from "./cli.ts";

const looked = 500;

/** The arguments of a command about one message. */
export function onMessageCommand(noun: Command, verb: string, description: string): Command {
  return noun
    .command(verb)
    .description(description)
    .argument("<conversation>", "id, unique beginning of the id, or name")
    .argument("<message>", "id, or a unique beginning of it, of one of the newest 500");
}

/** Runs with the conversation and the whole id of the message. */
export async function onMessage(
  cli: Cli,
  reference: string,
  id: string,
  run: (conversation: Conversation, id: string) => Promise<void>,
): Promise<void> {
  await withCaughtUpClient(cli, async (client) => {
    const conversation = await client.conversations.get(reference);
    await run(conversation, await wholeId(conversation, id));
  });
}

/** The id that begins like this, of one of the newest messages. */
export async function wholeId(conversation: Conversation, start: string): Promise<string> {
  if (start.length === 64) return start;
  const items = await conversation.history({ limit: looked });
  const found = items.flatMap((item) =>
    item.kind === "message" && item.id.startsWith(start) ? [item.id] : [],
  );
  const [only, another] = found;
  if (only !== undefined && another === undefined) return only;
  const text = only === undefined ? "no message begins with" : "more than one message begins with";
  throw new CliFailure(EXIT.notFound, "notFound", `${text} "${start}"`, {
    help: "`treehouse history --json <conversation>` shows the ids.",
  });
}
