import type { Client, ExternalLogin } from "@treehouse/client-sdk";
import type { Command } from "commander";

import { listenForCallback } from "../loopback.ts";
import type { Cli } from "./cli.ts";
import { withBriefClient } from "./cli.ts";
import { readPassword } from "./password.ts";

/** Runs with a way to the operator's provider and back, through the user's browser. */
export async function withExternal<T>(
  cli: Cli,
  use: (external: ExternalLogin) => Promise<T>,
): Promise<T> {
  const show = (url: string) => cli.output().note(`Log in with a browser on this machine: ${url}`);
  await using external = await listenForCallback(show, cli.stopped);
  const { redirectUri, visit } = external;
  return await use({ redirectUri, visit });
}

type UnlinkOptions = { readonly code?: string; readonly passwordStdin?: boolean };

/** `treehouse account factor link` and `unlink`: an account at the operator's provider. */
export function addExternalCommands(cli: Cli, noun: Command): void {
  noun
    .command("link")
    .description(
      "link the account with one at the operator's provider; logins take it from then on",
    )
    .action(async () => {
      await withExternal(cli, (external) =>
        withBriefClient(cli, async (client) => {
          const { recoveryCodes } = await client.factors.linkExternal(external);
          const text = ["Logins take your account at the provider.", ...recoveryCodes];
          cli.output().result({ external: true, recoveryCodes }, text);
          if (recoveryCodes.length === 0) return;
          cli.output().hint("Each code stands in for it once, and they are not shown again.");
        }),
      );
    });
  noun
    .command("unlink")
    .description("end that link; takes the password, and a code or a login at the provider")
    .option("--code <code>", "of the app, or a recovery code, instead of a login at the provider")
    .option("--password-stdin", "read the password from the standard input")
    .action(async ({ code, passwordStdin }: UnlinkOptions) => {
      const password = await readPassword(cli.terminal, passwordStdin === true);
      const end = async (client: Client, given: string) => {
        await client.factors.unlinkExternal({ password, code: given });
        cli.output().result({ external: false }, "The account is linked with no other.");
      };
      if (code !== undefined) {
        await withBriefClient(cli, (client) => end(client, code));
        return;
      }
      await withExternal(cli, (external) =>
        withBriefClient(cli, async (client) =>
          end(client, await client.factors.proveExternally(external)),
        ),
      );
    });
}
