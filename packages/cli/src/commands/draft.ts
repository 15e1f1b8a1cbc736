import type { Cli } from "./cli.ts";
import { withCaughtUpClient } from "./cli.ts";
import { wholeId } from "./find-message.ts";

/** `treehouse draft`: what one has begun to write, the same on all of one's clients. */
export function addDraftCommand(cli: Cli): void {
  cli.program
    .command("draft")
    .description("show what you have begun to write into a conversation, or keep it")
    .argument("<conversation>", "id, unique beginning of the id, or name")
    .argument("[text]", "the text to keep in its place")
    .option("--thread <topic>", "of one of its threads")
    .option("--reply <message>", "what it is to answer")
    .option("--clear", "forget it")
    .action(
      async (
        reference: string,
        text: string | undefined,
        options: { thread?: string; reply?: string; clear?: boolean },
      ) => {
        const { thread, reply, clear } = options;
        await withCaughtUpClient(cli, async (client) => {
          const conversation = await client.conversations.get(reference);
          if (text !== undefined) {
            const inReplyTo = reply === undefined ? undefined : await wholeId(conversation, reply);
            const answers = inReplyTo === undefined ? {} : { inReplyTo };
            await conversation.setDraft({ text, ...answers }, thread);
          } else if (clear === true) {
            await conversation.setDraft(undefined, thread);
          }
          const draft = await conversation.draft(thread);
          cli.output().result({ draft: draft ?? null }, draft?.text.split("\n") ?? []);
        });
      },
    );
}
