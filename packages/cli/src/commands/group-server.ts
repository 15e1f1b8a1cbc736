import type { Conversation } from "@treehouse/client-sdk";
import type { Command } from "commander";

import type { Cli } from "./cli.ts";
import { withCaughtUpClient } from "./cli.ts";

/** `treehouse group handover`: which server orders a conversation. */
export function addServerCommands(cli: Cli, noun: Command): void {
  noun
    .command("handover")
    .description("have another server order a conversation; it must have members there")
    .argument("<conversation>", "id, unique beginning of the id, or name")
    .argument("<server>", "its domain, for instance example.org")
    .option(
      "--gone",
      "as an owner, because its server is gone for good: most owners have to say so",
    )
    .action(async (reference: string, server: string, { gone }: { gone?: boolean }) => {
      await withCaughtUpClient(cli, async (client) => {
        const conversation = await client.conversations.get(reference);
        if (gone === true) return replace(cli, conversation, server);
        await conversation.handOver(server);
        const { id, epoch, server: now } = await conversation.info();
        cli.output().result({ id, server: now, epoch }, `The conversation is at ${now} now.`);
      });
    });
}

async function replace(cli: Cli, conversation: Conversation, server: string): Promise<void> {
  const { done, agreed, owners, needed } = await conversation.replaceServer(server);
  const { id } = conversation;
  const waiting = owners.filter((owner) => !agreed.includes(owner));
  const text = done
    ? `The conversation goes on at ${server}, with new keys. Whoever is in it comes along.`
    : `You have agreed. ${needed - agreed.length} more must, of: ${waiting.join(", ")}. ` +
      `Each says: treehouse group handover <conversation> ${server} --gone`;
  cli.output().result({ id, server, done, agreed, owners, needed }, text);
}
