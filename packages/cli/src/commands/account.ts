import { parseAddress } from "@treehouse/protocol";

import { ensureContext } from "../contexts.ts";
import type { Cli } from "./cli.ts";
import { contextOf, withClient } from "./cli.ts";
import { contextName } from "./init.ts";
import { readNewPassword, readPassword } from "./password.ts";

/** `treehouse account`: register, log in and out, and see who one is. */
export function addAccountCommands(cli: Cli): void {
  const noun = cli.program.command("account").description("the account of this context");
  addRegister(cli, noun);
  noun
    .command("login")
    .description("log in with the store's client")
    .option("--password-stdin", "read the password from the standard input")
    .action(async (options: { passwordStdin?: boolean }) => {
      const password = await readPassword(cli.terminal, options.passwordStdin === true);
      const fresh = { password, login: true };
      await withClient(cli, async (client) => show(cli, client.me, "Logged in as"), fresh);
    });
  noun
    .command("logout")
    .description("end the session; keys and history stay in the store")
    .action(async () => {
      await withClient(
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
    .description("the account, client and server of this context")
    .action(async () => {
      const { context } = await contextOf(cli);
      await withClient(
        cli,
        async (client) => {
          const value = { ...client.me, store: context.store };
          cli.output().result(value, client.me.address);
        },
        { offline: true },
      );
    });
}

function addRegister(cli: Cli, noun: ReturnType<Cli["program"]["command"]>): void {
  noun
    .command("register")
    .description("make the account, with keys of its own in the store")
    .argument("[address]", "makes the context too, if there is none")
    .option("--invite <token>", "an invite of the server's operator (or TREEHOUSE_INVITE)")
    .option("--server <url>", "the homeserver's address")
    .option("--store <file>", "the store's file")
    .option("--password-stdin", "read the password from the standard input")
    .action(
      async (
        address: string | undefined,
        options: { invite?: string; server?: string; store?: string; passwordStdin?: boolean },
      ) => {
        if (address !== undefined) {
          parseAddress(address);
          const name = contextName(cli, address);
          const { server, store } = options;
          await ensureContext(cli.terminal, { name, account: address, server, store });
          cli.program.setOptionValue("context", name);
        }
        const password = await readNewPassword(cli.terminal, options.passwordStdin === true);
        const invite = options.invite ?? cli.terminal.env["TREEHOUSE_INVITE"];
        const register = invite === undefined ? {} : { invite };
        await withClient(
          cli,
          async (client) => {
            await client.caughtUp();
            show(cli, client.me, "Registered");
          },
          { password, register },
        );
      },
    );
}

function show(
  cli: Cli,
  me: { readonly address: string; readonly user: string; readonly client: string },
  verb: string,
): void {
  cli.output().result(me, `${verb} ${me.address}.`);
}
