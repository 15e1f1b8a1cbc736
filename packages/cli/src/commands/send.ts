import type { Client, Conversation, SendOptions, SentMessage } from "@treehouse/client-sdk";

import { CliFailure, EXIT } from "../failure.ts";
import type { Cli } from "./cli.ts";
import { withCaughtUpClient } from "./cli.ts";
import { duration } from "./duration.ts";
import { findDirect } from "./find-direct.ts";
import { wholeId } from "./find-message.ts";
import { sendFiles } from "./send-files.ts";

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
    .option(
      "--mention <who>",
      "an address, or everyone: named before the text; again for more",
      more,
    )
    .option("--ttl <duration>", "it goes from every store after so long: 30m, 12h, 7d; or never")
    .option("--ttl-read <duration>", "it goes so long after each reader has read it")
    .option("--forward <message>", "say a message of another conversation once more")
    .option("--from <conversation>", "where that message is; the same one unless it is named")
    .option("--name-source", "with --forward: say whose it was")
    .option("--preview", "fetch what the first link in the text leads to, and send it along")
    .option("--wait <state>", "delivered or read: wait until all others have said so")
    .option("--sticker <pack/sticker>", "a sticker of a pack of yours in the place of a text")
    .option("--file <path>", "a file to send; the text is its caption; again for more", more)
    .option("--alt <text>", "for those who cannot see or hear a file that is sent alone")
    .option("--voice", "the file is a recording that was spoken for the conversation")
    .option("--strip-metadata", "photographs go without what a camera wrote beside the pixels")
    .option("--lines", "each line of the standard input is a message of its own")
    .action(async (to: string, given: string | undefined, options: SendCommandOptions) => {
      await withCaughtUpClient(cli, async (client) => {
        const conversation = await find(client, to);
        if (options.forward !== undefined) {
          const sent = await forward(client, conversation, options.forward, options);
          cli.output().result(sent, `sent at position ${sent.position}`);
          return;
        }
        const { reply, thread, mention = [] } = options;
        const state = stateOf(options.wait);
        if (options.sticker !== undefined) {
          const inReplyTo = reply === undefined ? undefined : await wholeId(conversation, reply);
          const where = { inReplyTo, topic: thread, ...goingOf(options) };
          const sent = await conversation.sendSticker(stickerIn(options.sticker), where);
          cli.output().result(sent, `sent at position ${sent.position}`);
          return;
        }
        const marked = options.markdown === true || mention.length > 0;
        const wish: Omit<SendOptions, "preview"> = {
          ...goingOf(options),
          ...(reply === undefined ? {} : { inReplyTo: await wholeId(conversation, reply) }),
          ...(thread === undefined ? {} : { topic: thread }),
          ...(marked ? { format: "markdown" } : {}),
        };
        const named = mention.map((who) => linkTo(conversation, who)).join(" ");
        const send = async (text: string) => {
          const plain = mention.length > 0 && options.markdown !== true;
          const body = plain ? text.replaceAll(/[\\`*_[\]<>#|~]/g, "\\$&") : text;
          const preview = options.preview === true ? await previewIn(text) : {};
          const sent = await conversation.send(`${named} ${body}`.trimStart(), {
            ...wish,
            ...preview,
          });
          if (state !== undefined) await reached(client, conversation, sent.id, state);
          cli.output().result(sent, `sent at position ${sent.position}`);
        };
        if (options.file !== undefined) {
          const caption = given === "-" ? await readText(cli) : (given ?? "");
          const files = { paths: options.file, caption: `${named} ${caption}`.trim() };
          const { id } = await sendFiles(cli, conversation, files, { ...options, wish });
          if (state !== undefined) await reached(client, conversation, id, state);
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
    });
}

type SendCommandOptions = {
  reply?: string;
  thread?: string;
  markdown?: boolean;
  mention?: string[];
  ttl?: string;
  ttlRead?: string;
  forward?: string;
  from?: string;
  nameSource?: boolean;
  sticker?: string;
  file?: string[];
  alt?: string;
  voice?: boolean;
  stripMetadata?: boolean;
  preview?: boolean;
  wait?: string;
  lines?: boolean;
};

/** An option that is given again for each of several, so that what follows one is not taken for it. */
function more(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

function stateOf(wait: string | undefined): "delivered" | "read" | undefined {
  if (wait === undefined || wait === "delivered" || wait === "read") return wait;
  throw new CliFailure(EXIT.usage, "malformed", "--wait takes delivered or read");
}

/** Until everybody else in the conversation says so; `--timeout` ends the waiting. */
async function reached(
  client: Client,
  conversation: Conversation,
  id: string,
  state: "delivered" | "read",
): Promise<void> {
  for (;;) {
    const told = Promise.withResolvers<void>();
    const stops = (["delivered", "read", "membership"] as const).map((name) =>
      client.on(name, () => told.resolve()),
    );
    try {
      const { delivered, read, waiting } = await conversation.delivery(id);
      if (waiting.length === 0 && (state === "delivered" || read.length === delivered.length)) {
        return;
      }
      await told.promise;
    } finally {
      for (const stop of stops) stop();
    }
  }
}

/** Nothing where there is no link, or nothing to show of it: the text goes without. */
async function previewIn(text: string): Promise<Pick<SendOptions, "preview">> {
  const [link] = /\bhttps?:\/\/[^\s<>"'`()[\]{}]+/.exec(text) ?? [];
  if (link === undefined) return {};
  const { fetchLinkPreview } = await import("@treehouse/client-sdk");
  const url = link.replace(/[.,;:!?]+$/, "");
  return fetchLinkPreview(url).then(
    (preview) => ({ preview }),
    () => ({}),
  );
}

function goingOf({ ttl, ttlRead }: SendCommandOptions) {
  if (ttlRead !== undefined) return { expiresAfterRead: duration("--ttl-read", ttlRead) };
  if (ttl === undefined) return {};
  return { expiresIn: ttl === "never" ? 0 : duration("--ttl", ttl) };
}

async function forward(
  client: Client,
  conversation: Conversation,
  message: string,
  options: SendCommandOptions,
): Promise<SentMessage> {
  const { from } = options;
  const source = from === undefined ? conversation : await client.conversations.get(from);
  return source.forward(await wholeId(source, message), conversation.id, {
    ...goingOf(options),
    nameSource: options.nameSource === true,
    topic: options.thread,
  });
}

/** A Markdown link that mentions somebody, or everybody in the conversation. */
function linkTo(conversation: Conversation, who: string): string {
  if (who === "everyone") return `[@everyone](${conversation.id})`;
  const [, name = "", domain = ""] = /^([^@/\s]+)@([^@/\s]+)$/.exec(who) ?? [];
  if (name === "") {
    throw new CliFailure(EXIT.usage, "malformed", `"${who}" is no address, and not everyone`);
  }
  return `[@${name}](mimi://${domain}/u/${name})`;
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
