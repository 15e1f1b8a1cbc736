import type { PollState } from "@treehouse/client-sdk";

import { oneLine } from "../output.ts";
import type { Cli } from "./cli.ts";
import { withCaughtUpClient } from "./cli.ts";
import { duration } from "./duration.ts";
import { onMessage, onMessageCommand } from "./find-message.ts";
import { wholeNumber } from "./whole-number.ts";

/** `treehouse poll`: questions with options to choose from. */
export function addPollCommands(cli: Cli): void {
  const noun = cli.program.command("poll").description("questions with options to choose from");
  noun
    .command("create")
    .description("ask a question")
    .argument("<conversation>", "id, unique beginning of the id, or name")
    .argument("<question>")
    .argument("<options...>", "from 2 to 20")
    .option("--multiple", "more than one may be chosen")
    .option("--anonymous", "programs do not show who chose what")
    .option("--for <duration>", "votes count for so long: 30m, 12h, 7d")
    .option("--thread <topic>", "the thread that it belongs to")
    .action(
      async (
        reference: string,
        question: string,
        options: string[],
        given: { multiple?: boolean; anonymous?: boolean; for?: string; thread?: string },
      ) => {
        const { multiple = false, anonymous = false, thread } = given;
        const closesAt = given.for === undefined ? {} : closing(duration("--for", given.for));
        await withCaughtUpClient(cli, async (client) => {
          const conversation = await client.conversations.get(reference);
          const poll = { question, options, multiple, anonymous, ...closesAt };
          const sent = await conversation.createPoll(poll, { topic: thread });
          cli.output().result(sent, `asked at position ${sent.position}: ${sent.id}`);
        });
      },
    );
  onMessageCommand(noun, "vote", "choose options by their numbers, in the place of what you chose")
    .argument("[numbers...]", "from 1; none takes your vote back")
    .action(async (reference: string, id: string, numbers: string[]) => {
      const choices = numbers.map((number) => wholeNumber("vote", number) - 1);
      await onMessage(cli, reference, id, async (conversation, whole) => {
        await conversation.vote(whole, choices);
        cli.output().result({ id: whole, choices }, "voted");
      });
    });
  onMessageCommand(noun, "close", "let nobody vote any more").action(
    async (reference: string, id: string) => {
      await onMessage(cli, reference, id, async (conversation, whole) => {
        await conversation.endPoll(whole);
        cli.output().result({ id: whole, ended: true }, "closed");
      });
    },
  );
  onMessageCommand(noun, "show", "how it stands").action(async (reference: string, id: string) => {
    await onMessage(cli, reference, id, async (conversation, whole) => {
      const poll = await conversation.poll(whole);
      cli.output().result({ id: whole, ...poll }, pollText(poll));
    });
  });
}

function closing(ms: number): { closesAt: number } {
  return { closesAt: Date.now() + ms };
}

function pollText({ question, options, votes, voters, ended }: PollState): readonly string[] {
  const lines = options.map((option, index) => {
    const { count = 0, by = [] } = votes[index] ?? {};
    return `${index + 1}. ${oneLine(option)}: ${count} ${by.join(" ")}`.trimEnd();
  });
  return [oneLine(question), ...lines, `${voters} voted${ended ? "; closed" : ""}`];
}
