import { stat, writeFile } from "node:fs/promises";
import { basename } from "node:path";

import type { Client, MadePack, PackContent, PackInfo, StickerInfo } from "@treehouse/client-sdk";
import type { Command } from "commander";

import { CliFailure, EXIT } from "../failure.ts";
import { oneLine } from "../output.ts";
import type { Cli } from "./cli.ts";
import { withBriefClient, withCaughtUpClient } from "./cli.ts";
import { wholeId } from "./find-message.ts";
import { readStickerFolder, writeStickerFolder } from "./sticker-folder.ts";
import { readTelegramToken } from "./secrets.ts";

/** `treehouse sticker`: packs of stickers and custom emoji. */
export function addStickerCommands(cli: Cli): void {
  const noun = cli.program.command("sticker").description("packs of stickers and custom emoji");
  addMaking(cli, noun);
  addPacks(cli, noun);
  addSending(cli, noun);
}

type MakeOptions = {
  readonly title?: string;
  readonly author?: string;
  readonly kind?: string;
};

function addMaking(cli: Cli, noun: Command): void {
  noun
    .command("import")
    .description("make a pack of an exported folder, or of a set of Telegram's")
    .argument("<source>", "a folder, or a link such as https://t.me/addstickers/Name")
    .option("--title <text>", "what it is called here")
    .option("--token-stdin", "read the token of your Telegram bot from the standard input")
    .option("--token-file <file>", "read it from a file")
    .action(
      async (
        source: string,
        options: { title?: string; tokenStdin?: boolean; tokenFile?: string },
      ) => {
        const { title } = options;
        if (await isFolder(source)) {
          await makeFromFolder(cli, source, title === undefined ? {} : { title });
          return;
        }
        const token = await readTelegramToken(cli.terminal, options);
        await withBriefClient(cli, async (client) => {
          const { stopped } = cli;
          const api = cli.terminal.env["TREEHOUSE_TELEGRAM_API"];
          const onProgress = ({ done, total }: { done: number; total: number }) =>
            cli.output().hint(`${done} of ${total}`);
          const where = api === undefined || api === "" ? {} : { api };
          const wish = { set: source, token, signal: stopped, onProgress, title, ...where };
          showMade(cli, await client.stickers.importTelegram(wish));
        });
      },
    );
  noun
    .command("create")
    .description("make a pack of the pictures in a folder")
    .argument("<folder>", "with .png, .webp, .gif, .jpg, .tgs and .webm, and pack.json if you like")
    .option("--title <text>", "what it is called; the folder's name unless it is given")
    .option("--author <text>", "who made it")
    .option("--kind <kind>", "stickers or emoji")
    .action(async (folder: string, options: MakeOptions) => {
      await makeFromFolder(cli, folder, options);
    });
}

async function makeFromFolder(cli: Cli, folder: string, options: MakeOptions): Promise<void> {
  const files = await readStickerFolder(folder);
  await withBriefClient(cli, async (client) => {
    const { sources, ...said } = await client.stickers.readFolder(files);
    const made = await client.stickers.create(sources, {
      title: options.title ?? said.title ?? basename(folder),
      author: options.author ?? said.author,
      kind: kindOf(options.kind) ?? said.kind,
    });
    showMade(cli, made);
  });
}

/** Files that were left out are told of one by one, and by the exit code. */
function showMade(cli: Cli, { pack, refused }: MadePack): void {
  const lines = refused.map(({ file, code, message }) => `! ${file}: ${message} (${code})`);
  cli.output().result({ pack, refused }, [packText(pack), ...lines]);
  if (refused.length > 0) cli.exitWith(EXIT.partly);
}

function kindOf(text: string | undefined): "stickers" | "emoji" | undefined {
  if (text === undefined || text === "stickers" || text === "emoji") return text;
  throw new CliFailure(EXIT.usage, "malformed", `"${text}" is neither stickers nor emoji`);
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}

const packArgument = "its title, id, or a unique beginning of the id";

function addPacks(cli: Cli, noun: Command): void {
  noun
    .command("ls")
    .description("list your packs, or the stickers you used last")
    .option("--recent", "the stickers you used last, on whichever client")
    .action(async ({ recent }: { recent?: boolean }) => {
      await withBriefClient(cli, async (client) => {
        if (recent === true) {
          const used = await client.stickers.recent();
          cli.output().list("recent", used, ({ pack, sticker }) => `${pack} ${sticker}`);
          return;
        }
        cli.output().list("packs", await client.stickers.list(), packText);
      });
    });
  noun
    .command("show")
    .description("show what is in a pack of yours, or behind a link")
    .argument("<pack>", `${packArgument}; or a link`)
    .action(async (reference: string) => {
      await withBriefClient(cli, async (client) => {
        const { stickers } = client;
        const isLink = reference.startsWith("treehouse:");
        show(cli, await (isLink ? stickers.look(reference) : stickers.get(reference)));
      });
    });
  noun
    .command("share")
    .description("print a link that opens the pack for whoever has it")
    .argument("<pack>", packArgument)
    .action(async (reference: string) => {
      await withBriefClient(cli, async (client) => {
        const link = await client.stickers.share(reference);
        cli.output().result({ link }, link);
      });
    });
  noun
    .command("add")
    .description("add the pack behind a link")
    .argument("<link>", "treehouse:stickers#…")
    .action(async (link: string) => {
      await withBriefClient(cli, async (client) => {
        const pack = await client.stickers.add(link);
        cli.output().result(pack, packText(pack));
      });
    });
  noun
    .command("rm")
    .description("remove a pack from all of your clients; links to it that you gave out end")
    .argument("<pack>", packArgument)
    .action(async (reference: string) => {
      await withBriefClient(cli, async (client) => {
        await client.stickers.remove(reference);
        cli.output().result({ removed: reference }, "removed");
      });
    });
  noun
    .command("export")
    .description("write a pack's files, octet for octet, and their list into a new folder")
    .argument("<pack>", packArgument)
    .argument("<folder>")
    .action(async (reference: string, folder: string) => {
      await withBriefClient(cli, async (client) => {
        const pack = await client.stickers.get(reference);
        const bytesOf = async (number: number) =>
          (await client.stickers.file(pack.id, String(number))).bytes;
        const count = await writeStickerFolder(folder, pack, bytesOf);
        cli.output().result({ folder, count }, `${count} stickers in ${folder}`);
      });
    });
}

function show(cli: Cli, pack: PackContent): void {
  const { title, author, kind, stickers } = pack;
  const by = author === undefined ? "" : ` by ${oneLine(author)}`;
  const lines = stickers.map((sticker, index) => `${index + 1} ${stickerRow(sticker)}`);
  cli.output().result(pack, [`${oneLine(title)}${by} (${kind})`, ...lines]);
}

function stickerRow({ mediaType, width, height, durationMs, ...more }: StickerInfo): string {
  const { emojis, id, name, size } = more;
  const time = durationMs === undefined ? [] : [`${durationMs} ms`];
  const called = name === undefined ? [] : [`:${name}:`];
  const what = [...emojis, ...called, mediaType, `${width}x${height}`, ...time, `${size} B`];
  return oneLine([...what, id.slice(0, 12)].join(" "));
}

function packText({ id, title, kind, count }: PackInfo): string {
  return `${id.slice(0, 8)} ${oneLine(title)} (${count} ${kind})`;
}

function addSending(cli: Cli, noun: Command): void {
  noun
    .command("send")
    .description("send a sticker to a conversation")
    .argument("<conversation>", "id, unique beginning of the id, or name")
    .argument("<pack>", packArgument)
    .argument("<sticker>", "number, :name:, or id")
    .option("--reply <message>", "id of the message that this one answers")
    .option("--thread <topic>", "the thread that it belongs to")
    .option("--keep-pack", "do not let readers have the pack")
    .action(
      async (
        reference: string,
        pack: string,
        sticker: string,
        options: { reply?: string; thread?: string; keepPack?: boolean },
      ) => {
        const { reply, thread: topic, keepPack } = options;
        await withCaughtUpClient(cli, async (client) => {
          const conversation = await client.conversations.get(reference);
          const inReplyTo = reply === undefined ? undefined : await wholeId(conversation, reply);
          const wish = { pack, sticker, sharePack: keepPack !== true };
          const sent = await conversation.sendSticker(wish, { inReplyTo, topic });
          cli.output().result(sent, `sent at position ${sent.position}`);
        });
      },
    );
  noun
    .command("save")
    .description("write the file of a sticker or custom emoji in a message")
    .argument("<conversation>", "id, unique beginning of the id, or name")
    .argument("<message>", "id, or a unique beginning of it, of one of the newest 500")
    .argument("<file>", "where to; it must not be there yet")
    .option("--id <sticker>", "which one, of several: its whole id")
    .action(async (reference: string, message: string, file: string, { id }: { id?: string }) => {
      await withBriefClient(cli, (client) => save(cli, client, { reference, message, file, id }));
    });
}

async function save(
  cli: Cli,
  client: Client,
  wish: { reference: string; message: string; file: string; id: string | undefined },
): Promise<void> {
  const conversation = await client.conversations.get(wish.reference);
  const { message } = wish;
  const whole = message.length === 64 ? message : await wholeId(conversation, message);
  const { bytes, ...sticker } = await conversation.stickerFile(whole, wish.id);
  await writeFile(wish.file, bytes, { flag: "wx" }).catch((error: unknown) => {
    const text = `${wish.file} cannot be written: ${String(error)}`;
    throw new CliFailure(EXIT.usage, "fileUnwritable", text);
  });
  cli.output().result({ ...sticker, file: wish.file }, `${sticker.size} octets in ${wish.file}`);
}
