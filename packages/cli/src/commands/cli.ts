import { Client, type ClientOptions } from "@treehouse/client-sdk";
import type { Command } from "commander";

import { type Context, contextInForce } from "../contexts.ts";
import { CliFailure, EXIT, type ExitCode } from "../failure.ts";
import type { Output } from "../output.ts";
import type { Terminal } from "../terminal.ts";

/** What a command gets. */
export type Cli = {
  readonly terminal: Terminal;
  readonly program: Command;
  output(): Output;
  /** Sets the exit code of a command that did its work but has something to say by it. */
  exitWith(code: ExitCode): void;
};

/** The context that this call uses. */
export function contextOf(cli: Cli): Promise<{ readonly name: string; readonly context: Context }> {
  const { context } = cli.program.opts<{ context?: string }>();
  return contextInForce(cli.terminal, context);
}

/** Opens the context's client, hands it on, and closes it in any case. */
export async function withClient<T>(
  cli: Cli,
  use: (client: Client) => Promise<T>,
  options: Partial<ClientOptions> = {},
): Promise<T> {
  const { context } = await contextOf(cli);
  const password = cli.terminal.env["TREEHOUSE_PASSWORD"];
  await using client = await Client.open({
    account: context.account,
    store: context.store,
    ...(context.server === undefined ? {} : { server: context.server }),
    ...(password === undefined || password === "" ? {} : { password }),
    ...options,
  });
  return await use(client);
}

/** The same, once the store holds everything that the server had. */
export function withCaughtUpClient<T>(cli: Cli, use: (client: Client) => Promise<T>): Promise<T> {
  return withClient(cli, async (client) => {
    const lost = new Promise<never>((_resolve, reject) => {
      client.on("loginRequired", ({ reason }) => reject(loginRequired(reason)));
    });
    lost.catch(() => undefined);
    await Promise.race([client.caughtUp(), lost]);
    return Promise.race([use(client), lost]);
  });
}

function loginRequired(reason: string): Error {
  return new CliFailure(EXIT.login, "loginRequired", `the session has ended: ${reason}`, {
    help: "Log in again with `treehouse account login`.",
  });
}
