import { type Command, Option } from "commander";

import type { Cli } from "./cli.ts";
import { durationOf } from "./organisation.ts";
import { addRoleCommands, reasonText } from "./group-role.ts";
import { ruled, sanctionsText } from "./group-rules.ts";
import { wholeNumber } from "./whole-number.ts";

const conversationText = "id, unique beginning of the id, or name";

type PolicyOptions = {
  readonly maxUsers?: string;
  readonly maxClients?: string;
  readonly clients?: "one" | "several";
  readonly rules?: string;
  readonly reason?: string;
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
    .option("--rules <version>", "go by later rules, which the program of everybody must know")
    .option("--reason <text>", reasonText)
    .action(async (reference: string, options: PolicyOptions) => {
      const wish = {
        maxUsers: boundOf("--max-users", options.maxUsers),
        maxClients: boundOf("--max-clients", options.maxClients),
        severalClients: options.clients && options.clients === "several",
      };
      const isAsked = Object.values(wish).some((value) => value !== undefined);
      await ruled(cli, reference, async (conversation) => {
        const { rules, reason } = options;
        if (isAsked) await conversation.setLimits(wish, { reason });
        if (rules !== undefined) {
          await conversation.raiseRules(wholeNumber("--rules", rules), { reason });
        }
      });
    });
  addRoleCommands(cli, noun);
  addPeopleCommand(noun, "ban", "take people out and keep them out")
    .option("--remove", "lift it; who it is may be told by the tag that the rules have")
    .action(async (reference: string, people: string[], options: PeopleOptions) => {
      await ruled(
        cli,
        reference,
        (conversation) =>
          options.remove === true
            ? conversation.unban(people, options)
            : conversation.ban(people, options),
        sanctionsText,
      );
    });
  addPeopleCommand(noun, "silence", "let people read and not write")
    .option("--for <time>", "for so long: 90m, 8h, 7d; without it for good")
    .option("--remove", "let them write again")
    .action(
      async (reference: string, people: string[], options: PeopleOptions & { for?: string }) => {
        const until = options.for === undefined ? undefined : Date.now() + durationOf(options.for);
        await ruled(
          cli,
          reference,
          (conversation) =>
            options.remove === true
              ? conversation.unsilence(people, options)
              : conversation.silence(people, { until, reason: options.reason }),
          sanctionsText,
        );
      },
    );
}

type PeopleOptions = { readonly remove?: boolean; readonly reason?: string };

function addPeopleCommand(noun: Command, verb: string, description: string): Command {
  return noun
    .command(verb)
    .description(description)
    .argument("<conversation>", conversationText)
    .argument("<addresses...>", "for instance bob@localhost")
    .option("--reason <text>", reasonText);
}

function boundOf(option: string, given: string | undefined): number | null | undefined {
  if (given === undefined) return undefined;
  if (given === "none") return null;
  return wholeNumber(option, given);
}
