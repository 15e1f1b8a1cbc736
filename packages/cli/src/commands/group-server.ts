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
    .action(async (reference: string, server: string) => {
      await withCaughtUpClient(cli, async (client) => {
        const conversation = await client.conversations.get(reference);
        await conversation.handOver(server);
        const { id, epoch, server: now } = await conversation.info();
        cli.output().result({ id, server: now, epoch }, `The conversation is at ${now} now.`);
      });
    });
}
