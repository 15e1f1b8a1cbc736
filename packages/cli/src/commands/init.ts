import type { Command } from "commander";

import type { Cli } from "./cli.ts";

export type PlaceOptions = { readonly server?: string; readonly store?: string };

/** `treehouse init`: names an account, its server and its store in one context. */
export function addInitCommand(cli: Cli): void {
  addInit(cli, cli.program.command("init"));
}

/** The same act under the name `context add`. */
export function addInit(cli: Cli, command: Command): void {
  command
    .description("make a context: account, server and store")
    .argument("<address>", "the account's address, for instance alice@localhost")
    .option("--server <url>", "the homeserver's address (or TREEHOUSE_SERVER; default: the domain)")
    .option("--store <file>", "the store's file (default: in the folder of contexts)")
    .action(async (address: string, options: PlaceOptions) => {
      const { name, context, current } = await makeContext(cli, address, options);
      const output = cli.output();
      output.result({ name, ...context }, `The context "${name}" is for ${context.account}.`);
      const asked = current ? "" : `--context ${name} `;
      output.hint(
        `Next: treehouse ${asked}account register --invite <token>, ` +
          `or treehouse ${asked}account login for an account that there is already` +
          (current ? "" : `, or \`treehouse context use ${name}\` first`),
      );
    });
}

/** Makes the context of an address under the name asked for, or answers the one there is. */
export async function makeContext(cli: Cli, address: string, options: PlaceOptions) {
  const { formatAddress, parseAddress } = await import("@treehouse/protocol");
  const { ensureContext } = await import("../contexts.ts");
  const account = formatAddress(parseAddress(address));
  const { server, store } = options;
  const name = contextName(cli, account);
  const made = await ensureContext(cli.terminal, { name, account, server, store });
  return { name, ...made };
}

/** The name asked for, or the local part of the address. */
function contextName(cli: Cli, address: string): string {
  const { context } = cli.program.opts<{ context?: string }>();
  const fromEnv = cli.terminal.env["TREEHOUSE_CONTEXT"];
  const asked = context ?? (fromEnv === "" ? undefined : fromEnv);
  return asked ?? address.slice(0, address.indexOf("@"));
}
