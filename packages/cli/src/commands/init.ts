import { parseAddress } from "@treehouse/protocol";

import { ensureContext } from "../contexts.ts";
import type { Cli } from "./cli.ts";

/** `treehouse init`: names an account, its server and its store in one context. */
export function addInitCommand(cli: Cli): void {
  cli.program
    .command("init")
    .description("make a context: account, server and store")
    .argument("<address>", "the account's address, for instance alice@localhost")
    .option("--server <url>", "the homeserver's address (default: from the account's domain)")
    .option("--store <file>", "the store's file (default: in the folder of contexts)")
    .action(async (address: string, options: { server?: string; store?: string }) => {
      parseAddress(address);
      const name = contextName(cli, address);
      const context = await ensureContext(cli.terminal, {
        name,
        account: address,
        server: options.server,
        store: options.store,
      });
      cli
        .output()
        .result(
          { name, ...context },
          `The context "${name}" is for ${address}. Next: register it.`,
        );
    });
}

/** The name asked for, or the local part of the address. */
export function contextName(cli: Cli, address: string): string {
  const { context } = cli.program.opts<{ context?: string }>();
  return context ?? cli.terminal.env["TREEHOUSE_CONTEXT"] ?? address.slice(0, address.indexOf("@"));
}
