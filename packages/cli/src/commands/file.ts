import type { Client } from "@treehouse/client-sdk";
import { formatAssetLink } from "@treehouse/protocol";
import type { Command } from "commander";

import { CliFailure, EXIT } from "../failure.ts";
import type { Cli } from "./cli.ts";
import { contextOf, withBriefClient, withCaughtUpClient } from "./cli.ts";
import { partNotesOf } from "./context.ts";
import { saveFile } from "./file-save.ts";
import { conversationRow, conversationText, libraryRow, libraryText } from "./file-rows.ts";
import { fileAt, progressOf, type PutOptions, resumeKeyOf, tellNotes } from "./file-source.ts";
import { sizeText } from "./file-text.ts";
import { addLibraryCommands, wholeFileId } from "./file-library.ts";
import { wholeId } from "./find-message.ts";
import { wholeNumber } from "./whole-number.ts";

/** `treehouse file`: files of conversations, and a library of one's own. */
export function addFileCommands(cli: Cli): void {
  const noun = cli.program
    .command("file")
    .description("files of conversations, and a library of your own");
  addPut(cli, noun);
  addGet(cli, noun);
  addList(cli, noun);
  addLibraryCommands(cli, noun);
}

function addPut(cli: Cli, noun: Command): void {
  noun
    .command("put")
    .description("upload a file: into a conversation, or into your library")
    .argument("<path>")
    .option("--in <conversation>", "send it there")
    .option("--caption <text>", "said beside it, in a conversation")
    .option("--name <name>", "another name than the path's last one")
    .option("--alt <text>", "for those who cannot see or hear it")
    .option("--as <kind>", "voice: a recording that was spoken for the conversation")
    .option("--folder <folder>", "where it lies in the library; names joined by /")
    .option("--tag <tags>", "words for it in the library, separated by commas")
    .option("--version-of <id>", "message, or file of the library, of which it is a new version")
    .option("--strip-metadata", "without what a camera wrote beside the pixels")
    .action(
      async (
        path: string,
        options: PutOptions & {
          in?: string;
          folder?: string;
          tag?: string;
          versionOf?: string;
        },
      ) => {
        await withCaughtUpClient(cli, async (client) => {
          const file = await fileAt(path, options);
          const { versionOf, folder, tag } = options;
          const tags = tag?.split(",").map((word) => word.trim());
          const resumeKey = await resumeKeyOf(path, options.in ?? "library");
          const more = { resumeKey, signal: cli.stopped, onProgress: progressOf(cli, path) };
          if (options.in === undefined) {
            const known =
              versionOf === undefined ? undefined : await wholeFileId(client, versionOf);
            const kept = await client.files.add({
              ...file,
              ...more,
              folder,
              tags,
              versionOf: known,
            });
            cli.output().result(libraryRow(kept), `kept ${libraryText(kept)}`);
            return;
          }
          const conversation = await client.conversations.get(options.in);
          const { notes, ...sent } = await conversation.send({
            ...file,
            ...more,
            caption: options.caption,
            versionOf: versionOf === undefined ? undefined : await wholeId(conversation, versionOf),
          });
          tellNotes(cli, notes);
          if (folder !== undefined || tags !== undefined) {
            await client.caughtUp();
            const place = { conversation: conversation.id, id: sent.id, number: 0 };
            await client.files.keep(place, { folder, tags });
          }
          cli.output().result({ ...sent, notes }, `sent at position ${sent.position}`);
        });
      },
    );
}

function addGet(cli: Cli, noun: Command): void {
  noun
    .command("get")
    .description("download a file of your library, or of a message")
    .argument(
      "<file>",
      "id in the library, or with --in of a message; a unique beginning is enough",
    )
    .option("--in <conversation>", "where the message stands")
    .option("--number <number>", "which of the message's files", "1")
    .option("--out <path>", "file or folder to write to; here, under its own name, by default")
    .option("--force", "write over a file that is there")
    .action(
      async (
        id: string,
        options: { in?: string; number: string; out?: string; force?: boolean },
      ) => {
        const number = wholeNumber("--number", options.number);
        await withCaughtUpClient(cli, async (client) => {
          if (options.out === "-") {
            throw new CliFailure(EXIT.usage, "malformed", "a file is not written to the output", {
              help: "Name a file or a folder with --out; ./- is a file of that name.",
            });
          }
          const file = await foundFile(client, id, { in: options.in, number });
          const opened = await client.files.open(file, { signal: cli.stopped });
          const { context } = await contextOf(cli);
          const path = await saveFile(opened, {
            notes: partNotesOf(context.store),
            asset: file.link === undefined ? "" : formatAssetLink(file.link),
            name: file.name,
            out: options.out,
            force: options.force === true,
            onProgress: progressOf(cli, file.name),
          });
          const { name, size } = file;
          cli.output().result({ path, name, size }, `wrote ${path}, ${sizeText(size)}`);
        });
      },
    );
}

async function foundFile(
  client: Client,
  id: string,
  at: { readonly in: string | undefined; readonly number: number },
) {
  if (at.in === undefined) return client.files.get(await wholeFileId(client, id));
  const conversation = await client.conversations.get(at.in);
  const message = await wholeId(conversation, id);
  const items = await conversation.versions(message);
  const found = items.find((one) => one.message === message && one.number === at.number - 1);
  if (found !== undefined) return found.file;
  throw new CliFailure(EXIT.notFound, "notFound", `the message has no file ${at.number}`);
}

function addList(cli: Cli, noun: Command): void {
  noun
    .command("ls")
    .description("list your library, or the files of a conversation")
    .option("--in <conversation>", "of a conversation, newest first")
    .option("--limit <number>", "of so many messages", "50")
    .option("--before <position>", "only of messages before this position")
    .option("--folder <folder>", "only in this folder of the library, or below it")
    .option("--tag <tag>", "only with this tag")
    .option("--search <words>", "only with these words in name, folder or tags")
    .action(
      async (options: {
        in?: string;
        limit: string;
        before?: string;
        folder?: string;
        tag?: string;
        search?: string;
      }) => {
        const limit = wholeNumber("--limit", options.limit);
        const before =
          options.before === undefined ? {} : { before: wholeNumber("--before", options.before) };
        const list = async (client: Client) => {
          if (options.in === undefined) {
            const { folder, tag, search } = options;
            const files = await client.files.list({ folder, tag, search });
            cli.output().list("files", files.map(libraryRow), libraryText);
            return;
          }
          const conversation = await client.conversations.get(options.in);
          const files = await conversation.files({ limit, ...before });
          cli.output().list("files", files.map(conversationRow), conversationText);
        };
        // What this store holds; works without a server.
        await withBriefClient(cli, list, { offline: true });
      },
    );
}
