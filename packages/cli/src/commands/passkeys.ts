import type { Command } from "commander";

import type { Cli } from "./cli.ts";
import { withBriefClient } from "./cli.ts";
import { readPassword } from "./password.ts";

type RemoveOptions = { readonly code: string; readonly passwordStdin?: boolean };

/** `treehouse account factor passkeys`: it shows and forgets them; to make one takes a browser. */
export function addPasskeyCommands(cli: Cli, factor: Command): void {
  const noun = factor
    .command("passkeys")
    .description(
      "the account's passkeys; a web client makes them, for this takes an authenticator",
    );
  noun
    .command("ls")
    .description("list the passkeys, oldest first")
    .action(async () => {
      await withBriefClient(cli, async (client) => {
        const { passkeys } = await client.factors.info();
        cli.output().list("passkeys", passkeys, ({ id, label, usedAt }) => {
          const used = usedAt === undefined ? "never used" : new Date(usedAt).toISOString();
          return `${id}  ${label}  ${used}`;
        });
      });
    });
  noun
    .command("rm")
    .description("forget a passkey; takes the password and a code")
    .argument("<id>", "as `passkeys ls` shows it")
    .requiredOption("--code <code>", "of the app, or a recovery code")
    .option("--password-stdin", "read the password from the standard input")
    .action(async (id: string, { code, passwordStdin }: RemoveOptions) => {
      const password = await readPassword(cli.terminal, passwordStdin === true);
      await withBriefClient(cli, async (client) => {
        await client.factors.removePasskey(id, { password, code });
        cli.output().result({ id, removed: true }, "The passkey is forgotten.");
      });
    });
}
