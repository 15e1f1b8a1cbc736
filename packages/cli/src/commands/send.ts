import type { Client, Conversation } from "@treehouse/client-sdk";

import { CliFailure, EXIT } from "../failure.ts";
import type { Cli } from "./cli.ts";
import { withCaughtUpClient } from "./cli.ts";
import { fileAt, progressOf, resumeKeyOf, tellNotes } from "./file-source.ts";
import { findDirect } from "./find-direct.ts";

/** `treehouse send`: returns once the hub has accepted the message for good. */
export function addSendCommand(cli: Cli): void {
  cli.program
    .command("send")
    .alias("s")
    .description("send a text to a conversation, or to an address")
    .argument("<to>", "id, unique beginning of the id, name, or address of one person")
    .argument("[text]", "the text; - or nothing reads the standard input")
    .option("--reply <message>", "id of the message that this one answers")
    .option("--thread <topic>", "the thread that it belongs to; any text, the same for all of it")
    .option("--markdown", "the text is Markdown; links to mimi: URIs mention people")
    .option("--sticker <pack/sticker>", "a sticker of a pack of yours in the place of a text")
    .option("--file <paths...>", "files to send; the text is their caption")
    .option("--alt <text>", "for those who cannot see or hear a file that is sent alone")
    .option("--voice", "the file is a recording that was spoken for the conversation")
    .option("--strip-metadata", "photographs go without what a camera wrote beside the pixels")
    .option("--lines", "each line of the standard input is a message of its own")
    .action(
      async (
        to: string,
        given: string | undefined,
        options: {
          reply?: string;
          thread?: string;
          markdown?: boolean;
          sticker?: string;
          file?: string[];
          alt?: string;
          voice?: boolean;
          stripMetadata?: boolean;
          lines?: boolean;
        },
      ) => {
        const { reply, thread, markdown } = options;
        const wish = {
          ...(reply === undefined ? {} : { inReplyTo: reply }),
          ...(thread === undefined ? {} : { topic: thread }),
          ...(markdown === true ? { format: "markdown" as const } : {}),
        };
        await withCaughtUpClient(cli, async (client) => {
          const conversation = await find(client, to);
          const send = async (text: string) => {
            const sent = await conversation.send(text, wish);
            cli.output().result(sent, `sent at position ${sent.position}`);
          };
          if (options.sticker !== undefined) {
            const sticker = stickerIn(options.sticker);
            const sent = await conversation.sendSticker(sticker, {
              inReplyTo: reply,
              topic: thread,
            });
            cli.output().result(sent, `sent at position ${sent.position}`);
            return;
          }
          if (options.file !== undefined) {
            const { voice, alt, stripMetadata } = options;
            const as = voice === true ? "voice" : undefined;
            const about = { as, alt, stripMetadata };
            const files = await Promise.all(options.file.map((path) => fileAt(path, about)));
            const caption = given === "-" ? await readText(cli) : (given ?? "");
            const resumeKey = await resumeKeyOf(options.file[0] ?? "", conversation.id);
            const onProgress = progressOf(cli, options.file[0] ?? "");
            const transfer = { resumeKey, signal: cli.stopped, onProgress };
            const { notes, ...sent } = await conversation.send({
              files,
              caption,
              ...wish,
              ...transfer,
            });
            tellNotes(cli, notes);
            cli.output().result({ ...sent, notes }, `sent at position ${sent.position}`);
            return;
          }
          if (options.lines === true) {
            await sendLines(cli, send);
            return;
          }
          const text = given === undefined || given === "-" ? await readText(cli) : given;
          if (text === "") throw new CliFailure(EXIT.usage, "emptyMessage", "the message is empty");
          await send(text);
        });
      },
    );
}

/** Goes on after a line that was refused; then the exit code says that not all was done. */
async function sendLines(cli: Cli, send: (text: string) => Promise<void>): Promise<void> {
  const { failureOf } = await import("../failure-of.ts");
  let [number, sent, failed] = [0, 0, 0];
  for await (const line of cli.terminal.lines()) {
    number += 1;
    if (line === "") continue;
    try {
      await send(line);
      sent += 1;
    } catch (error) {
      const failure = failureOf(error);
      const { code, message, exit } = failure;
      if (exit !== EXIT.usage) throw error;
      failed += 1;
      cli.output().result({ line: number, code, message }, `line ${number}: ${message} (${code})`);
    }
  }
  if (failed > 0) cli.exitWith(sent > 0 ? EXIT.partly : EXIT.usage);
}

async function readText(cli: Cli): Promise<string> {
  return (await cli.terminal.readAll()).replace(/\r?\n$/, "");
}

/** `pack/sticker`; a title may hold a stroke itself. */
function stickerIn(text: string): { readonly pack: string; readonly sticker: string } {
  const at = text.lastIndexOf("/");
  if (at > 0 && at < text.length - 1) {
    return { pack: text.slice(0, at), sticker: text.slice(at + 1) };
  }
  throw new CliFailure(EXIT.usage, "malformed", `"${text}" is not of the form pack/sticker`);
}

/** An address means the direct conversation with that person, made at the first message. */
async function find(client: Client, to: string): Promise<Conversation> {
  if (!/^[^@/\s]+@[^@/\s]+$/.test(to)) return client.conversations.get(to);
  return (await findDirect(client, to)) ?? client.conversations.dm(to);
}
