import { type Command, Option } from "commander";

import type { Cli } from "./cli.ts";
import { durationOf } from "./organisation.ts";
import { addRoleCommands } from "./group-role.ts";
import { ruled, sanctionsText } from "./group-rules.ts";
import { wholeNumber } from "./whole-number.ts";

const conversationText = "id, unique beginning of the id, or name";

type PolicyOptions = {
  readonly maxUsers?: string;
  readonly maxClients?: string;
  readonly clients?: "one" | "several";
};

/** `treehouse group policy`, `role`, `ban` and `silence`: what is agreed in a conversation, for everybody. */
export function addPolicyCommands(cli: Cli, noun: Command): void {
  noun
    .command("policy")
    .description("the rules of a conversation, or change its bounds for all")
    .argument("<conversation>", conversationText)
    .option("--max-users <number>", "how many users it takes at most, or none")
    .option("--max-clients <number>", "how many clients it takes at most, or none")
    .addOption(
      new Option("--clients <number>", "with how many clients each may be in").choices([
        "one",
        "several",
      ]),
    )
    .action(async (reference: string, options: PolicyOptions) => {
      const wish = {
        maxUsers: boundOf("--max-users", options.maxUsers),
        maxClients: boundOf("--max-clients", options.maxClients),
        severalClients: options.clients && options.clients === "several",
      };
      const isAsked = Object.values(wish).some((value) => value !== undefined);
      await ruled(cli, reference, async (conversation) => {
        if (isAsked) await conversation.setLimits(wish);
      });
    });
  addRoleCommands(cli, noun);
  addPeopleCommand(noun, "ban", "take people out and keep them out")
    .option("--remove", "lift it; who it is may be told by the tag that the rules have")
    .action(async (reference: string, people: string[], options: { remove?: boolean }) => {
      await ruled(
        cli,
        reference,
        (conversation) =>
          options.remove === true ? conversation.unban(people) : conversation.ban(people),
        sanctionsText,
      );
    });
  addPeopleCommand(noun, "silence", "let people read and not write")
    .option("--for <time>", "for so long: 90m, 8h, 7d; without it for good")
    .option("--remove", "let them write again")
    .action(
      async (reference: string, people: string[], options: { for?: string; remove?: boolean }) => {
        const until = options.for === undefined ? undefined : Date.now() + durationOf(options.for);
        await ruled(
          cli,
          reference,
          (conversation) =>
            options.remove === true
              ? conversation.unsilence(people)
              : conversation.silence(people, { until }),
          sanctionsText,
        );
      },
    );
}

function addPeopleCommand(noun: Command, verb: string, description: string): Command {
  return noun
    .command(verb)
    .description(description)
    .argument("<conversation>", conversationText)
    .argument("<addresses...>", "for instance bob@localhost");
}

function boundOf(option: string, given: string | undefined): number | null | undefined {
  if (given === undefined) return undefined;
  if (given === "none") return null;
  return wholeNumber(option, given);
}
