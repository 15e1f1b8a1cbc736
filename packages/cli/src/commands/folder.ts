import type { Client, FolderInfo } from "@treehouse/client-sdk";

import type { Cli } from "./cli.ts";
import { withBriefClient, withCaughtUpClient } from "./cli.ts";

/** `treehouse folder`: what one has sorted conversations into, on all of one's clients. */
export function addFolderCommands(cli: Cli): void {
  const noun = cli.program.command("folder").description("folders of conversations, for you alone");
  noun
    .command("ls")
    .description("list the folders with what is unread in each")
    .action(async () => {
      const list = async (client: Client) =>
        cli.output().list("folders", await client.folders.list(), lineOf);
      await withBriefClient(cli, list, { offline: true });
    });
  noun
    .command("create")
    .description("make a folder")
    .argument("<name>")
    .action(async (name: string) => {
      await changing(cli, (client) => client.folders.create(name));
    });
  noun
    .command("change")
    .description("rename a folder, or move it")
    .argument("<folder>", "id or name")
    .option("--name <name>", "its new name")
    .option("--before <folder>", "before this one")
    .action(async (folder: string, options: { name?: string; before?: string }) => {
      await changing(cli, (client) => client.folders.change(folder, options));
    });
  noun
    .command("rm")
    .description("delete a folder; the conversations stay")
    .argument("<folder>", "id or name")
    .action(async (folder: string) => {
      await withCaughtUpClient(cli, async (client) => {
        await client.folders.delete(folder);
        cli.output().result({ folder }, "Deleted.");
      });
    });
  for (const verb of ["add", "remove"] as const) {
    noun
      .command(verb)
      .description(verb === "add" ? "put conversations into a folder" : "take them out")
      .argument("<folder>", "id or name")
      .argument("<conversations...>", "ids, unique beginnings of ids, or names")
      .action(async (folder: string, references: string[]) => {
        await changing(cli, async (client) => {
          const wish = verb === "add" ? { addFolders: [folder] } : { removeFolders: [folder] };
          for (const reference of references) {
            await (await client.conversations.get(reference)).organise(wish);
          }
          return client.folders.change(folder, {});
        });
      });
  }
}

async function changing(cli: Cli, run: (client: Client) => Promise<FolderInfo>): Promise<void> {
  await withCaughtUpClient(cli, async (client) => {
    const folder = await run(client);
    cli.output().result(folder, lineOf(folder));
  });
}

function lineOf({ id, name, conversations, unread }: FolderInfo): string {
  const mentions = unread.mentions === 0 ? "" : `, ${unread.mentions} mention you`;
  return `${id}  ${name}  ${conversations.length} conversations, ${unread.messages} unread${mentions}`;
}
