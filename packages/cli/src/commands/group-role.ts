import type { ActOptions } from "@treehouse/client-sdk";
import { type CapabilityName, isCapabilityName } from "@treehouse/protocol";
import type { Command } from "commander";

import { CliFailure, EXIT } from "../failure.ts";
import type { Cli } from "./cli.ts";
import { ruled } from "./group-rules.ts";
import { wholeNumber } from "./whole-number.ts";

type DefineOptions = {
  readonly like?: string;
  readonly above?: string;
  readonly description?: string;
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
  readonly atMost?: string;
  readonly reason?: string;
};

/** What `--reason` is, wherever the rules are changed. */
export const reasonText = "for those in the conversation, kept in its record of acts";

/** `treehouse group role`: who is what, and what that may. */
export function addRoleCommands(cli: Cli, noun: Command): void {
  const role = noun.command("role").description("roles in a conversation, and what each may");
  command(role, "set", "give people another role")
    .argument("<addresses...>", "for instance bob@localhost")
    .action(async (reference: string, name: string, addresses: string[], options: ActOptions) => {
      await ruled(
        cli,
        reference,
        (conversation) => conversation.setRole(addresses, name, options),
        () => addresses.map((address) => `${address} is ${name} now.`),
      );
    });
  command(role, "define", "change what a role may, or make a new one")
    .option("--like <role>", "for a new one: as which it begins, member if left out")
    .option("--above <role>", "for a new one: right above which it ranks")
    .option("--description <text>", "what it is for")
    .option("--allow <capabilities...>", "what it may from now on")
    .option("--deny <capabilities...>", "what it may not any more")
    .option("--at-most <number>", "how many may hold it, or any")
    .action(async (reference: string, name: string, options: DefineOptions) => {
      const { like, above, description, atMost } = options;
      const wish = {
        name,
        ...(like === undefined ? {} : { like }),
        ...(above === undefined ? {} : { above }),
        ...(description === undefined ? {} : { description }),
        ...(atMost === undefined
          ? {}
          : { atMost: atMost === "any" ? null : wholeNumber("--at-most", atMost) }),
        allow: capabilities(options.allow),
        deny: capabilities(options.deny),
      };
      await ruled(cli, reference, (conversation) => conversation.defineRole(wish, options));
    });
  command(role, "rm", "take a role away that nobody has").action(
    async (reference: string, name: string, options: ActOptions) => {
      await ruled(cli, reference, (conversation) => conversation.removeRole(name, options));
    },
  );
  command(role, "default", "what whoever comes is from now on").action(
    async (reference: string, name: string, options: ActOptions) => {
      await ruled(cli, reference, (conversation) => conversation.setDefaultRole(name, options));
    },
  );
}

function command(noun: Command, verb: string, description: string): Command {
  return noun
    .command(verb)
    .description(description)
    .argument("<conversation>", "id, unique beginning of the id, or name")
    .argument("<role>", "by its name, as `group policy` shows it")
    .option("--reason <text>", reasonText);
}

function capabilities(names: readonly string[] = []): readonly CapabilityName[] {
  return names.map((name) => {
    if (isCapabilityName(name)) return name;
    throw new CliFailure(EXIT.usage, "malformed", `there is no capability "${name}"`);
  });
}
