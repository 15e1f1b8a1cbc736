import type { Client } from "@treehouse/client-sdk";
import type { Command } from "commander";

import { CliFailure, EXIT } from "../failure.ts";
import type { Cli } from "./cli.ts";
import { withBriefClient, withCaughtUpClient } from "./cli.ts";
import {
  conversationRow,
  conversationText,
  libraryRow,
  libraryText,
  versionLine,
} from "./file-rows.ts";
import { wholeId } from "./find-message.ts";
import { wholeNumber } from "./whole-number.ts";

/** What is done to files that are there. */
export function addLibraryCommands(cli: Cli, noun: Command): void {
  onFile(cli, noun, "mv", "move a file of your library, with its versions, to a folder")
    .argument("<folder>", 'names joined by /; "" for none')
    .option("--all", "the first argument is a folder: everything in it and below")
    .action(async (id: string, folder: string, options: { all?: boolean }) => {
      await withCaughtUpClient(cli, async (client) => {
        if (options.all === true) {
          await client.files.moveFolder(id, folder);
          cli.output().result({ from: id, to: folder }, `moved ${id} to ${folder}`);
          return;
        }
        const whole = await wholeFileId(client, id);
        await client.files.move(whole, folder);
        await show(cli, client, whole, "moved");
      });
    });
  onFile(cli, noun, "rename", "give a file of your library another name")
    .argument("<name>")
    .action((id: string, name: string) =>
      change(cli, id, "renamed", (client, whole) => client.files.rename(whole, name)),
    );
  onFile(cli, noun, "tag", "give a file of your library these tags and no others")
    .argument("[tags...]")
    .action((id: string, tags: string[]) =>
      change(cli, id, "tagged", (client, whole) => client.files.tag(whole, tags)),
    );
  noun
    .command("keep")
    .description("keep a file of a conversation in your library, while its message stands there")
    .argument("<conversation>")
    .argument("<message>", "id, or a unique beginning of it")
    .option("--number <number>", "which of the message's files", "1")
    .option("--folder <folder>", "names joined by /")
    .option("--tag <tags>", "separated by commas")
    .action(
      async (
        reference: string,
        start: string,
        options: { number: string; folder?: string; tag?: string },
      ) => {
        const number = wholeNumber("--number", options.number) - 1;
        await withCaughtUpClient(cli, async (client) => {
          const conversation = await client.conversations.get(reference);
          const id = await wholeId(conversation, start);
          const tags = options.tag?.split(",").map((word) => word.trim());
          const place = { conversation: conversation.id, id, number };
          const kept = await client.files.keep(place, { folder: options.folder, tags });
          cli.output().result(libraryRow(kept), `kept ${libraryText(kept)}`);
        });
      },
    );
  addVersions(cli, noun);
  onFile(cli, noun, "rm", "take a file out of your library with all versions").action(
    async (id: string) => {
      await withCaughtUpClient(cli, async (client) => {
        const whole = await wholeFileId(client, id);
        const { name } = await client.files.get(whole);
        await client.files.remove(whole);
        cli.output().result({ removed: whole }, `removed ${name}`);
      });
    },
  );
}

function addVersions(cli: Cli, noun: Command): void {
  onFile(cli, noun, "versions", "all versions of a file, oldest first")
    .option("--in <conversation>", "the file is the one of a message there")
    .action(async (id: string, options: { in?: string }) => {
      await withBriefClient(
        cli,
        async (client) => {
          if (options.in === undefined) {
            const versions = await client.files.versions(await wholeFileId(client, id));
            cli.output().list("versions", versions.map(libraryRow), versionLine);
            return;
          }
          const conversation = await client.conversations.get(options.in);
          const versions = await conversation.versions(await wholeId(conversation, id));
          cli.output().list("versions", versions.map(conversationRow), conversationText);
        },
        { offline: true },
      );
    });
  onFile(cli, noun, "restore", "make an earlier version the current one")
    .option("--in <conversation>", "the file is the one of a message there")
    .action(async (id: string, options: { in?: string }) => {
      await withCaughtUpClient(cli, async (client) => {
        if (options.in === undefined) {
          const restored = await client.files.restore(await wholeFileId(client, id));
          cli.output().result(libraryRow(restored), `restored ${libraryText(restored)}`);
          return;
        }
        const conversation = await client.conversations.get(options.in);
        const sent = await conversation.restoreVersion(await wholeId(conversation, id));
        cli.output().result(sent, `restored at position ${sent.position}`);
      });
    });
}

function onFile(cli: Cli, noun: Command, verb: string, description: string): Command {
  return noun
    .command(verb)
    .description(description)
    .argument("<file>", "id, or a unique beginning of it; `treehouse file ls` shows them");
}

async function change(
  cli: Cli,
  id: string,
  done: string,
  run: (client: Client, whole: string) => Promise<void>,
): Promise<void> {
  await withCaughtUpClient(cli, async (client) => {
    const whole = await wholeFileId(client, id);
    await run(client, whole);
    await show(cli, client, whole, done);
  });
}

async function show(cli: Cli, client: Client, id: string, done: string): Promise<void> {
  const file = await client.files.get(id);
  cli.output().result(libraryRow(file), `${done} ${libraryText(file)}`);
}

/** Of any version, current or not. */
export async function wholeFileId(client: Client, start: string): Promise<string> {
  const current = await client.files.list();
  const versions = await Promise.all(
    current.map(async (file) => (file.versions > 1 ? client.files.versions(file.id) : [file])),
  );
  const found = versions.flat().filter(({ id }) => id.startsWith(start));
  const [only, another] = found;
  if (only !== undefined && another === undefined) return only.id;
  const text = only === undefined ? "no file begins with" : "more than one file begins with";
  throw new CliFailure(EXIT.notFound, "notFound", `${text} "${start}"`, {
    help: "`treehouse file ls --json` shows the ids. A conversation's files are named with --in <conversation>.",
  });
}
