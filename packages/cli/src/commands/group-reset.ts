import type { ClientEvents } from "@treehouse/client-sdk";

import type { Cli } from "./cli.ts";
import { withCaughtUpClient } from "./cli.ts";

/** `treehouse group reset`: a conversation goes on with new keys. */
export function addResetCommand(cli: Cli, noun: ReturnType<Cli["program"]["command"]>): void {
  noun
    .command("reset")
    .description("as an owner, have a conversation go on with new keys; everybody comes along")
    .argument("<conversation>", "id, unique beginning of the id, or name")
    .option("--reason <text>", "why; it stands in the record of acts")
    .action(async (reference: string, { reason }: { reason?: string }) => {
      await withCaughtUpClient(cli, async (client) => {
        const conversation = await client.conversations.get(reference);
        await conversation.reset({ reason });
        const { id, epoch, status } = await conversation.info();
        const text =
          "The conversation goes on with new keys. Whoever is in it comes along, and keeps what was said.";
        cli.output().result({ id, status, epoch }, text);
      });
    });
}

/** What a user is told of a conversation that goes on with new keys. */
export function resetText({
  by,
  reason,
  server,
}: Pick<ClientEvents["reset"], "by" | "reason" | "server">): string {
  const names = by.join(", ");
  return reason === "hubGone"
    ? `the server of a conversation was gone: ${names} had ${server} go on with it, with new keys`
    : `${names} had a conversation go on with new keys`;
}
