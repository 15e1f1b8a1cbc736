import type { Command } from "commander";

import type { Cli } from "./cli.ts";
import { withBriefClient } from "./cli.ts";
import { addExternalCommands } from "./external.ts";
import { addPasskeyCommands } from "./passkeys.ts";
import { readPassword } from "./password.ts";

/** `treehouse account factor`: the second factor of logins. */
export function addFactorCommands(cli: Cli, account: Command): void {
  const noun = account.command("factor").description("the second factor of logins");
  noun
    .command("show")
    .description("whether logins take a code, and how many recovery codes are left")
    .action(async () => {
      await withBriefClient(cli, async (client) => {
        const info = await client.factors.info();
        const codes = `${info.recoveryCodes} recovery codes are left`;
        const off = info.available ? "Logins take no code." : "This server has no second factors.";
        const takes = [
          ...(info.passkeys.length > 0 ? ["a passkey"] : []),
          ...(info.external ? ["a login at the provider"] : []),
          "a code",
        ].join(", or ");
        const on = info.totp || info.external || info.passkeys.length > 0;
        cli.output().result(info, on ? `Logins take ${takes}; ${codes}.` : off);
      });
    });
  noun
    .command("enable")
    .description("make a secret for an authenticator app; `factor confirm` then turns it on")
    .action(async () => {
      await withBriefClient(cli, async (client) => {
        const app = await client.factors.startTotp();
        cli.output().result(app, [`Secret: ${app.secret}`, `Link for a QR code: ${app.uri}`]);
        cli.output().hint("Add it to the app, then: treehouse account factor confirm <code>");
      });
    });
  noun
    .command("confirm")
    .description("turn the second factor on, with a code of the app; prints the recovery codes")
    .argument("<code>", "six digits, as the app shows them now")
    .action(async (code: string) => {
      await withBriefClient(cli, async (client) => {
        const { recoveryCodes } = await client.factors.confirmTotp(code);
        showCodes(cli, recoveryCodes);
      });
    });
  addProved(cli, noun);
  addExternalCommands(cli, noun);
  addPasskeyCommands(cli, noun);
}

type ProvedOptions = { readonly code: string; readonly passwordStdin?: boolean };

function addProved(cli: Cli, noun: Command): void {
  noun
    .command("disable")
    .description("turn the second factor off; takes the password and a code")
    .requiredOption("--code <code>", "of the app, or a recovery code")
    .option("--password-stdin", "read the password from the standard input")
    .action(async ({ code, passwordStdin }: ProvedOptions) => {
      const password = await readPassword(cli.terminal, passwordStdin === true);
      await withBriefClient(cli, async (client) => {
        await client.factors.disableTotp({ password, code });
        cli.output().result({ totp: false }, "Logins take no code any more.");
      });
    });
  noun
    .command("codes")
    .description("new recovery codes in place of the old; takes the password and a code")
    .requiredOption("--code <code>", "of the app, or a recovery code")
    .option("--password-stdin", "read the password from the standard input")
    .action(async ({ code, passwordStdin }: ProvedOptions) => {
      const password = await readPassword(cli.terminal, passwordStdin === true);
      await withBriefClient(cli, async (client) => {
        const { recoveryCodes } = await client.factors.renewRecoveryCodes({ password, code });
        showCodes(cli, recoveryCodes);
      });
    });
}

function showCodes(cli: Cli, recoveryCodes: readonly string[]): void {
  cli.output().result({ recoveryCodes }, recoveryCodes);
  cli.output().hint("Each stands in for the app once, and they are not shown again: keep them.");
}
