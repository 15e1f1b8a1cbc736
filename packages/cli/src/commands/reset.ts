import type { Command } from "commander";

import { CliFailure, EXIT } from "../failure.ts";
import type { Cli } from "./cli.ts";
import { contextOf, withBriefClient, withCaughtUpClient } from "./cli.ts";
import { readNewPassword } from "./password.ts";

type ResetOptions = {
  readonly email?: string;
  readonly token?: string;
  readonly tokenStdin?: boolean;
  readonly status?: boolean;
  readonly cancel?: boolean;
  readonly code?: string;
  readonly passwordStdin?: boolean;
};

/** `treehouse account reset`: a forgotten password, and stopping whoever only claims so. */
export function addResetCommand(cli: Cli, account: Command): void {
  account
    .command("reset")
    .description("get back an account whose password is lost, by e-mail and without its keys")
    .option("--email <address>", "has a token mailed to the account's confirmed address")
    .option("--token <token>", "of that mail; needs an empty store, and asks for a new password")
    .option("--token-stdin", "read the token from the standard input")
    .option("--code <code>", "of the authenticator app, or a recovery code, where one is needed")
    .option("--password-stdin", "read the new password from the standard input")
    .option("--status", "whether somebody resets this account, and until when it can be stopped")
    .option("--cancel", "stop it, with a client that is logged in")
    .action(async (options: ResetOptions) => {
      const { email, token, tokenStdin, status, cancel } = options;
      const acts = [email, token ?? tokenStdin, status, cancel].filter((act) => act !== undefined);
      if (acts.length !== 1) {
        const message = "say one of --email, --token, --status and --cancel";
        const help = "Begin with --email <address>; the mail brings the token.";
        throw new CliFailure(EXIT.usage, "usage", message, { help });
      }
      if (email !== undefined) await request(cli, email);
      else if (status === true) await showStatus(cli);
      else if (cancel === true) await stop(cli);
      else await begin(cli, options);
    });
}

async function request(cli: Cli, email: string): Promise<void> {
  const { context } = await contextOf(cli);
  const { account, server } = context;
  const { Client } = await import("@treehouse/client-sdk");
  await Client.requestReset({ account, email, ...(server === undefined ? {} : { server }) });
  const text = `If ${email} is the confirmed address of ${account}, a token is on its way to it.`;
  cli.output().result({ account, email }, text);
  cli.output().hint("Next, within 15 minutes: treehouse account reset --token <token>");
}

async function begin(cli: Cli, options: ResetOptions): Promise<void> {
  await contextOf(cli);
  if (options.tokenStdin === true && options.passwordStdin === true) {
    const message = "the standard input can hold the token or the password, not both";
    const help = "Set TREEHOUSE_PASSWORD for the new password.";
    throw new CliFailure(EXIT.usage, "stdinTwice", message, { help });
  }
  const token = options.token ?? (await cli.terminal.readAll()).trim();
  const password = await readNewPassword(cli.terminal, options.passwordStdin === true);
  const asked = cli.terminal.stdinIsTerminal
    ? () => cli.terminal.askSecret("Code of the authenticator app, or a recovery code: ")
    : undefined;
  const secondFactor = options.code ?? asked;
  const fresh = { password, reset: { token }, ...(secondFactor && { secondFactor }) };
  await withCaughtUpClient(
    cli,
    async (client) => {
      const text =
        `${client.me.address} is yours again, with new keys. Your contacts were told; have them ` +
        "compare the safety number and add you again.";
      cli.output().result(client.me, text);
    },
    fresh,
  );
}

async function showStatus(cli: Cli): Promise<void> {
  await withBriefClient(cli, async (client) => {
    const waitsUntil = (await client.account.resetWaitsUntil()) ?? null;
    const text =
      waitsUntil === null
        ? "Nobody resets this account."
        : `A reset waits until ${new Date(waitsUntil).toISOString()}.`;
    cli.output().result({ waitsUntil }, text);
    if (waitsUntil !== null) cli.output().hint("Stop it: treehouse account reset --cancel");
  });
}

async function stop(cli: Cli): Promise<void> {
  await withBriefClient(cli, async (client) => {
    await client.account.cancelReset();
    cli.output().result({ waitsUntil: null }, "No reset of this account goes on.");
  });
}
