import type { Command } from "commander";

import type { Cli } from "./cli.ts";
import { withBriefClient } from "./cli.ts";

/** `treehouse account email`: the account's e-mail address. */
export function addEmailCommands(cli: Cli, account: Command): void {
  const noun = account.command("email").description("the account's e-mail address");
  noun
    .command("show")
    .description("the address, and one that waits for its code")
    .action(async () => {
      await withBriefClient(cli, async (client) => {
        const { available, address = null, pending = null } = await client.email.info();
        const waiting = pending === null ? [] : [`${pending} waits for its code.`];
        const none = available ? "No address." : "This server sends no mail.";
        cli.output().result({ address, pending, available }, [address ?? none, ...waiting]);
      });
    });
  noun
    .command("set")
    .description("name an address; a code is mailed to it")
    .argument("<email>", "such as alice@mail.example")
    .action(async (pending: string) => {
      await withBriefClient(cli, async (client) => {
        await client.email.set(pending);
        cli.output().result({ pending }, `A code was mailed to ${pending}.`);
        cli.output().hint("Next: treehouse account email confirm <code>");
      });
    });
  noun
    .command("confirm")
    .description("make the address the account's, with the code that was mailed")
    .argument("<code>", "eight digits")
    .action(async (code: string) => {
      await withBriefClient(cli, async (client) => {
        await client.email.confirm(code);
        const { address = null } = await client.email.info();
        cli.output().result({ address }, `The account's address is ${address ?? "gone"}.`);
      });
    });
  noun
    .command("rm")
    .description("have the server forget the address")
    .action(async () => {
      await withBriefClient(cli, async (client) => {
        await client.email.remove();
        cli.output().result({ address: null }, "The address is forgotten.");
      });
    });
}
