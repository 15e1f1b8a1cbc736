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
  noun
    .command("accept")
    .description(
      "take those for members who came in while you were away, on nobody's word you know",
    )
    .argument("<conversation>", "id, unique beginning of the id, or name")
    .action(async (reference: string) => {
      await withCaughtUpClient(cli, async (client) => {
        const conversation = await client.conversations.get(reference);
        const { id, unvouched } = await conversation.info();
        await conversation.acceptMembers();
        const text = unvouched.length === 0 ? "nobody waits for that" : unvouched;
        cli.output().result({ id, accepted: unvouched }, text);
      });
    });
}

function report(cli: Cli, { id, status, epoch, position, ...info }: ConversationInfo): void {
  const { epochAuthenticator, health, unvouched } = info;
  const { text: means, fix = "" } = explainHealth(health) ?? {};
  const text = [
    `epoch ${epoch}, position ${position}, ${status}`,
    `health ${health.state}${means === undefined ? "" : `: ${means}`}`,
    ...(fix === "" ? [] : [`  ${fix}`]),
    `authenticator ${epochAuthenticator}`,
    ...(unvouched.length === 0
      ? []
      : [
          `unvouched ${unvouched.join(", ")}`,
          `  Ask somebody in it by other means, then: treehouse group accept ${id}`,
        ]),
  ];
  const row = { id, status, epoch, position, epochAuthenticator, health, unvouched };
  cli.output().result(row, text);
}
