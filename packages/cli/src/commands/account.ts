import { rm } from "node:fs/promises";

import type { NodeOptions } from "@treehouse/client-sdk";
import type { Command } from "commander";

import { CliFailure, EXIT } from "../failure.ts";
import type { Cli } from "./cli.ts";
import { contextOf, withBriefClient, withCaughtUpClient } from "./cli.ts";
import { addAccountData } from "./account-data.ts";
import { addAccountSettings } from "./account-settings.ts";
import { storeFiles } from "./context.ts";
import { addEmailCommands } from "./email.ts";
import { withExternal } from "./external.ts";
import { addFactorCommands } from "./factor.ts";
import { comingHint, enterRooms } from "./enter-rooms.ts";
import { inFreshContext } from "./fresh-context.ts";
import { readNewPassword, readPassword } from "./password.ts";
import { addPrivacyCommands } from "./privacy.ts";
import { addProfileCommands } from "./profile.ts";
import { recoveryWarning } from "./recovery.ts";
import { askCode } from "./secrets.ts";
import { addResetCommand } from "./reset.ts";
import { addSessionCommands } from "./sessions.ts";

/** `treehouse account`: register, log in and out, see who one is, and end it. */
export function addAccountCommands(cli: Cli): void {
  const noun = cli.program.command("account").description("the account of this context");
  addRegister(cli, noun);
  addDelete(cli, noun);
  addAccountSettings(cli, noun);
  addAccountData(cli, noun);
  addSessionCommands(cli, noun);
  addFactorCommands(cli, noun);
  addEmailCommands(cli, noun);
  addProfileCommands(cli, noun);
  addPrivacyCommands(cli, noun);
  addResetCommand(cli, noun);
  noun
    .command("login")
    .description("log in with the store's client, or make a further client in an empty store")
    .option("--password-stdin", "read the password from the standard input")
    .option("--code <code>", "of the authenticator app, or a recovery code, where one is needed")
    .option("--oidc", "log in at the operator's provider instead of a code")
    .action(async ({ code, oidc, passwordStdin }: LoginOptions) => {
      await contextOf(cli);
      const password = await readPassword(cli.terminal, passwordStdin === true);
      const secondFactor = code ?? askCode(cli.terminal);
      const fresh = { password, login: true, ...(secondFactor && { secondFactor }) };
      const logIn = (how: Partial<NodeOptions>) =>
        withBriefClient(
          cli,
          async (client) => {
            const coming = await enterRooms(client);
            show(cli, client.me, "Logged in as");
            if (coming > 0) cli.output().hint(comingHint(coming));
          },
          how,
        );
      if (oidc !== true) await logIn(fresh);
      else await withExternal(cli, (external) => logIn({ password, login: true, external }));
    });
  noun
    .command("logout")
    .description("end the session; keys and history stay in the store")
    .action(async () => {
      await withBriefClient(
        cli,
        async (client) => {
          await client.logout();
          show(cli, client.me, "Logged out");
        },
        { offline: true },
      );
    });
  noun
    .command("whoami")
    .description("the account, client, server and store of this context")
    .action(async () => {
      const { name, context } = await contextOf(cli);
      await withBriefClient(
        cli,
        async (client) => {
          const { server = null, store } = context;
          const recoveryKey = await client.recovery.isNoted();
          const value = { ...client.me, context: name, server, store, recoveryKey };
          cli.output().result(value, client.me.address);
          if (!recoveryKey) cli.output().hint(recoveryWarning);
        },
        { offline: true },
      );
    });
}

function addDelete(cli: Cli, noun: Command): void {
  noun
    .command("delete")
    .description("delete the account for good, with this context and its store")
    .argument("<address>", "the account's own, so that it is the right one")
    .option("--password-stdin", "read the password from the standard input")
    .option("--code <code>", "of the authenticator app, or a recovery code, where one is needed")
    .action(async (address: string, options: { code?: string; passwordStdin?: boolean }) => {
      const { name, context } = await contextOf(cli);
      if (address !== context.account) {
        const message = `the account of this context is ${context.account}`;
        const help = "Name the account that is to be deleted, or choose its context.";
        throw new CliFailure(EXIT.usage, "accountMismatch", message, { help });
      }
      const password = await readPassword(cli.terminal, options.passwordStdin === true);
      const secondFactor = options.code ?? askCode(cli.terminal);
      await withBriefClient(cli, async (client) => {
        const { me } = client;
        await client.account.delete({ password, ...(secondFactor && { secondFactor }) });
        const { forgetContext } = await import("../contexts.ts");
        await forgetContext(cli.terminal, name);
        const files = storeFiles(context.store);
        for (const file of files) await rm(file, { recursive: true, force: true });
        const text = `Deleted ${me.address}, with everything on this machine. The name is gone for good.`;
        cli.output().result({ ...me, deleted: files }, text);
      });
    });
}

type LoginOptions = {
  readonly code?: string;
  readonly oidc?: boolean;
  readonly passwordStdin?: boolean;
};

type RegisterOptions = {
  readonly oidc?: boolean;
  readonly invite?: string;
  readonly inviteStdin?: boolean;
  readonly server?: string;
  readonly store?: string;
  readonly passwordStdin?: boolean;
};

function addRegister(cli: Cli, noun: Command): void {
  noun
    .command("register")
    .description("make the account, with keys of its own in the store")
    .argument("[address]", "makes the context too, if there is none")
    .option("--invite <token>", "an invite of the server's operator (or TREEHOUSE_INVITE)")
    .option("--invite-stdin", "read the invite from the standard input")
    .option("--oidc", "log in at the operator's provider, which the account is linked with then")
    .option("--server <url>", "the homeserver's address (or TREEHOUSE_SERVER)")
    .option("--store <file>", "the store's file")
    .option("--password-stdin", "read the password from the standard input")
    .action(async (address: string | undefined, options: RegisterOptions) => {
      await inFreshContext(cli, address, options, () => register(cli, options));
    });
}

async function register(cli: Cli, options: RegisterOptions): Promise<void> {
  if (options.oidc !== true) return registerWith(cli, options, {});
  return withExternal(cli, (external) => registerWith(cli, options, { external }));
}

async function registerWith(
  cli: Cli,
  options: RegisterOptions,
  how: Partial<NodeOptions>,
): Promise<void> {
  const { name } = await contextOf(cli);
  const invite = await readInvite(cli, options);
  const password = await readNewPassword(cli.terminal, options.passwordStdin === true);
  await withCaughtUpClient(
    cli,
    async (client) => {
      show(cli, client.me, "Registered");
      const { readContexts } = await import("../contexts.ts");
      const { current } = await readContexts(cli.terminal);
      const asked = current === name ? "" : `--context ${name} `;
      cli.output().hint(`Next: treehouse ${asked}group create <name> --add <address>`);
      cli.output().hint(recoveryWarning);
      if (asked === "") return;
      cli
        .output()
        .hint(`The current context stays "${current}": use this one with ${asked.trim()}.`);
    },
    { password, register: invite === undefined ? {} : { invite }, ...how },
  );
}

async function readInvite(cli: Cli, options: RegisterOptions): Promise<string | undefined> {
  if (options.inviteStdin !== true) {
    const fromEnv = cli.terminal.env["TREEHOUSE_INVITE"];
    return options.invite ?? (fromEnv === "" ? undefined : fromEnv);
  }
  if (options.passwordStdin !== true) return (await cli.terminal.readAll()).trim();
  const message = "the standard input can hold the invite or the password, not both";
  const help = "Set TREEHOUSE_PASSWORD or TREEHOUSE_INVITE for the other one.";
  throw new CliFailure(EXIT.usage, "stdinTwice", message, { help });
}

function show(
  cli: Cli,
  me: { readonly address: string; readonly user: string; readonly client: string },
  verb: string,
): void {
  cli.output().result(me, `${verb} ${me.address}.`);
}
