import type { Cli } from "./cli.ts";
import { withCaughtUpClient } from "./cli.ts";
import { findDirect } from "./find-direct.ts";

/** `treehouse typing`: tells a conversation, once, that one writes. */
export function addTypingCommand(cli: Cli): void {
  cli.program
    .command("typing")
    .description("tell the members that you write; they see it for six seconds")
    .argument("<conversation>", "id, unique beginning of the id, name, or an address")
    .action(async (reference: string) => {
      await withCaughtUpClient(cli, async (client) => {
        const conversation =
          (await findDirect(client, reference)) ?? (await client.conversations.get(reference));
        await conversation.typing();
        const { typing } = await client.settings.get();
        const value = { conversation: conversation.id, told: typing };
        cli.output().result(value, typing ? "told" : "not told: the setting typing is off");
      });
    });
}
