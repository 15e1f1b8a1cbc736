import type { Command } from "commander";

import { oneLine } from "../output.ts";
import type { Cli } from "./cli.ts";
import { withBriefClient, withCaughtUpClient } from "./cli.ts";
import { wholeNumber } from "./whole-number.ts";

/** `treehouse thread`: the threads of a conversation. */
export function addThreadCommands(cli: Cli): void {
  const noun = cli.program.command("thread").description("threads of a conversation");
  noun
    .command("ls")
    .description("list the threads, the latest first, with what is unread in those you follow")
    .argument("<conversation>", "id, unique beginning of the id, or name")
    .action(async (reference: string) => {
      await withBriefClient(
        cli,
        async (client) => {
          const threads = await (await client.conversations.get(reference)).threads();
          cli.output().list("threads", threads, ({ topic, messages, unread, following }) => {
            const followed = following ? `, ${unread.messages} unread` : "";
            return `${oneLine(topic)}: ${messages} messages${followed}`;
          });
        },
        { offline: true },
      );
    });
  onThread(noun, "show", "the newest messages of a thread, oldest first")
    .option("--limit <number>", "the newest so many", "50")
    .option("--read", "note on all of your clients that you have read it")
    .action(
      async (reference: string, topic: string, options: { limit: string; read?: boolean }) => {
        const limit = wholeNumber("--limit", options.limit);
        await withCaughtUpClient(cli, async (client) => {
          const conversation = await client.conversations.get(reference);
          const messages = await conversation.thread(topic, { limit });
          const last = messages.at(-1);
          if (options.read === true && last !== undefined) {
            await conversation.markThreadRead(topic, last.position);
          }
          cli.output().list("messages", messages, ({ position, senderAddress, text }) => {
            return `${position} ${senderAddress}: ${text}`;
          });
        });
      },
    );
  addFollow(cli, noun, "follow", "count what is new in a thread, also where you have not written");
  addFollow(cli, noun, "leave", "count nothing of a thread any more");
}

function onThread(noun: Command, verb: string, description: string): Command {
  return noun
    .command(verb)
    .description(description)
    .argument("<conversation>", "id, unique beginning of the id, or name")
    .argument("<topic>", "the name of the thread");
}

function addFollow(cli: Cli, noun: Command, verb: "follow" | "leave", description: string): void {
  onThread(noun, verb, description).action(async (reference: string, topic: string) => {
    const following = verb === "follow";
    await withCaughtUpClient(cli, async (client) => {
      await (await client.conversations.get(reference)).followThread(topic, following);
      cli.output().result({ topic, following }, following ? "followed" : "left");
    });
  });
}
