import { type ConversationInfo, explainHealth } from "@treehouse/client-sdk";

import type { Cli } from "./cli.ts";
import { withCaughtUpClient } from "./cli.ts";

/** How a conversation is doing on this client, and what one can do when it is not. */
export function addRecoveryCommands(cli: Cli, noun: ReturnType<Cli["program"]["command"]>): void {
  noun
    .command("epoch")
    .description("where this client stands in a conversation, and how it is doing there")
    .argument("<conversation>", "id, unique beginning of the id, or name")
    .action(async (reference: string) => {
      await withCaughtUpClient(cli, async (client) => {
        report(cli, await (await client.conversations.get(reference)).info());
      });
    });
  noun
    .command("rejoin")
    .description("have this client come in anew, with other keys; the history stays")
    .argument("<conversation>", "id, unique beginning of the id, or name")
    .action(async (reference: string) => {
      await withCaughtUpClient(cli, async (client) => {
        const conversation = await client.conversations.get(reference);
        await conversation.rejoin();
        report(cli, await conversation.info());
      });
    });
}

function report(cli: Cli, { id, status, epoch, position, ...info }: ConversationInfo): void {
  const { epochAuthenticator, health } = info;
  const { text: means, fix = "" } = explainHealth(health) ?? {};
  const text = [
    `epoch ${epoch}, position ${position}, ${status}`,
    `health ${health.state}${means === undefined ? "" : `: ${means}`}`,
    ...(fix === "" ? [] : [`  ${fix}`]),
    `authenticator ${epochAuthenticator}`,
  ];
  cli.output().result({ id, status, epoch, position, epochAuthenticator, health }, text);
}
