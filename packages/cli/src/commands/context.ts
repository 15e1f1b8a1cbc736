import { rm } from "node:fs/promises";

import { contextInForce, readContexts, writeContexts } from "../contexts.ts";
import type { Cli } from "./cli.ts";
import { contextOf } from "./cli.ts";

/** `treehouse context`: which accounts there are, and which one commands use. */
export function addContextCommands(cli: Cli): void {
  const noun = cli.program.command("context").description("accounts on this machine");
  noun
    .command("ls")
    .description("list the contexts")
    .action(async () => {
      const { contexts, current } = await readContexts(cli.terminal);
      const rows = Object.entries(contexts)
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, context]) => ({ name, current: name === current, ...context }));
      cli
        .output()
        .list("contexts", rows, (row) =>
          [row["current"] === true ? "*" : " ", row["name"], row["account"]].join(" "),
        );
    });
  noun
    .command("show")
    .description("show the context in use")
    .action(async () => {
      const { name, context } = await contextOf(cli);
      const text = `${name}: ${context.account}\nstore: ${context.store}`;
      cli.output().result({ name, ...context }, text);
    });
  noun
    .command("use")
    .description("use this context from now on")
    .argument("<name>")
    .action(async (asked: string) => {
      const { name } = await contextInForce(cli.terminal, asked);
      const contexts = await readContexts(cli.terminal);
      await writeContexts(cli.terminal, { ...contexts, current: name });
      cli.output().result({ name }, `Commands now use "${name}".`);
    });
  noun
    .command("rm")
    .description("forget a context; its store stays unless --store is given")
    .argument("<name>")
    .option("--store", "delete the store with its keys and history too")
    .option("--dry-run", "only say what would be deleted")
    .action(async (asked: string, options: { store?: boolean; dryRun?: boolean }) => {
      const { name, context } = await contextInForce(cli.terminal, asked);
      const files = options.store === true ? storeFiles(context.store) : [];
      if (options.dryRun !== true) {
        const { contexts, current, ...rest } = await readContexts(cli.terminal);
        const left = Object.fromEntries(Object.entries(contexts).filter(([key]) => key !== name));
        const next = current === name ? Object.keys(left).toSorted()[0] : current;
        await writeContexts(cli.terminal, {
          ...rest,
          ...(next === undefined ? {} : { current: next }),
          contexts: left,
        });
        for (const file of files) await rm(file, { force: true });
      }
      const verb = options.dryRun === true ? "Would forget" : "Forgot";
      const text = [`${verb} "${name}".`, ...files].join("\n");
      cli.output().result({ name, deleted: files, dryRun: options.dryRun === true }, text);
    });
}

function storeFiles(store: string): readonly string[] {
  return [store, `${store}-wal`, `${store}-shm`, `${store}.key`];
}
