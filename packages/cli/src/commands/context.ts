import { rm } from "node:fs/promises";

import type { Cli } from "./cli.ts";
import { contextOf } from "./cli.ts";
import { addInit } from "./init.ts";

/** `treehouse context`: which accounts there are, and which one commands use. */
export function addContextCommands(cli: Cli): void {
  const noun = cli.program.command("context").description("accounts on this machine");
  addInit(cli, noun.command("add"));
  noun
    .command("ls")
    .description("list the contexts")
    .action(async () => {
      const { readContexts } = await import("../contexts.ts");
      const { contexts, current } = await readContexts(cli.terminal);
      const rows = Object.entries(contexts)
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, context]) => ({ name, current: name === current, ...context }));
      cli
        .output()
        .list("contexts", rows, (row) =>
          [row.current ? "*" : " ", row.name, row.account].join(" "),
        );
      if (rows.length === 0) {
        cli.output().hint("There is none. Make one with `treehouse init <address>`.");
      }
    });
  noun
    .command("show")
    .description("show the context in use")
    .action(async () => {
      const { name, context } = await contextOf(cli);
      const server = context.server === undefined ? [] : [`server: ${context.server}`];
      const text = [`${name}: ${context.account}`, ...server, `store: ${context.store}`];
      cli.output().result({ name, ...context }, text);
    });
  noun
    .command("use")
    .description("use this context from now on")
    .argument("<name>")
    .action(async (asked: string) => {
      const { contextInForce, readContexts, writeContexts } = await import("../contexts.ts");
      const { name } = await contextInForce(cli.terminal, asked);
      const contexts = await readContexts(cli.terminal);
      await writeContexts(cli.terminal, { ...contexts, current: name });
      cli.output().result({ name }, `Commands now use "${name}".`);
    });
  noun
    .command("server")
    .description("set the server's address of the context in use")
    .argument("<url>", "for instance https://example.org")
    .action(async (url: string) => {
      const { ensureContext } = await import("../contexts.ts");
      const { name, context } = await contextOf(cli);
      const { account, store } = context;
      const made = await ensureContext(cli.terminal, { name, account, store, server: url });
      const text = `The server of "${name}" is at ${made.context.server ?? url}.`;
      cli.output().result({ name, ...made.context }, text);
    });
  noun
    .command("rm")
    .description("forget a context; its store stays unless --store is given")
    .argument("<name>")
    .option("--store", "delete the store with its keys and history too")
    .option("--dry-run", "only say what would be deleted")
    .action(async (asked: string, options: { store?: boolean; dryRun?: boolean }) => {
      const { contextInForce, forgetContext } = await import("../contexts.ts");
      const { name, context } = await contextInForce(cli.terminal, asked);
      const files = options.store === true ? storeFiles(context.store) : [];
      if (options.dryRun !== true) {
        await forgetContext(cli.terminal, name);
        for (const file of files) await rm(file, { recursive: true, force: true });
      }
      const verb = options.dryRun === true ? "Would forget" : "Forgot";
      const text = [`${verb} "${name}".`, ...files];
      cli.output().result({ name, deleted: files, dryRun: options.dryRun === true }, text);
    });
}

/** Everything on the disk that a store is, with what is noted of files that are not whole yet. */
export function storeFiles(store: string): readonly string[] {
  return [store, `${store}-wal`, `${store}-shm`, `${store}.key`, partNotesOf(store)];
}

/** The folder where a context notes how far files have come. */
export function partNotesOf(store: string): string {
  return `${store}.parts`;
}
