import type { Client, Message } from "@treehouse/client-sdk";

import { jsonText } from "../output.ts";
import { bodyText, fileLine } from "./file-text.ts";
import { stickerLine, stickerText } from "./sticker-text.ts";
import type { Cli } from "./cli.ts";
import { commandWords, runFor } from "./exec.ts";
import { typeFilter } from "./tail-filter.ts";
import { onEnd, watchConnection, withClient } from "./cli.ts";
import { printPresence } from "./presence.ts";
import { resetText } from "./group-reset.ts";
import { wholeNumber } from "./whole-number.ts";

/**
 * `treehouse tail`: messages of others that were not shown yet, each once it is printed counted
 * as seen. Without `--follow` it ends when everything the server held is shown.
 */
export function addTailCommand(cli: Cli): void {
  cli.program
    .command("tail")
    .alias("t")
    .description("show new messages of others, each once")
    .argument("[conversations...]", "ids or names; only these, others stay unseen")
    .option("--follow", "go on until interrupted")
    .option("--limit <number>", "end after so many messages")
    .option("--since <when>", "first what came since then, seen or not: 90m, 8h, 7d, 2026-01-31")
    .option("--types <types>", "only of these types: text,file or any:mention, text:reply")
    .option("--notify", "only what your rules tell of aloud")
    .option("--exec <command>", "run this for each, with the message on its standard input")
    .option("--presence", "show who is there and who writes as well, and yourself to contacts")
    .action(async (references: string[], options: TailOptions) => {
      const limit = options.limit === undefined ? Infinity : wholeNumber("--limit", options.limit);
      await withClient(cli, async (client) => {
        // With a limit the command waits for that many, as --follow does.
        const waits = options.follow === true || limit !== Infinity;
        if (options.presence === true) await showPresence(cli, client);
        const { since } = options;
        const handle = handlerOf(cli, client, options);
        await follow(cli, client, references, { limit, waits, since, handle });
      });
    });
}

type TailOptions = {
  follow?: boolean;
  limit?: string;
  presence?: boolean;
  since?: string;
  types?: string;
  notify?: boolean;
  exec?: string;
};

/** Shows a message, or runs what is to be run for it, if it is wanted; answers whether it is. */
type Handler = (message: Message) => Promise<boolean>;

function handlerOf(cli: Cli, client: Client, options: TailOptions): Handler {
  const isWanted =
    options.types === undefined ? () => true : typeFilter(options.types, client.me.address);
  const words = options.exec === undefined ? undefined : commandWords(options.exec);
  const isTold = async (message: Message): Promise<boolean> => {
    const { conversation, senderAddress: sender, text, mentions } = message;
    const mention = mentions.includes(client.me.address);
    const verdict = await client.notifications.judge({ conversation, sender, text, mention });
    return verdict.level === "alert";
  };
  return async (message) => {
    if (!isWanted(message)) return false;
    if (options.notify === true && !(await isTold(message))) return false;
    if (words === undefined) print(cli, message);
    else await runFor(cli, words, { message, json: jsonText(valueOf(message)) });
    // What nobody was shown stays new.
    await cli.terminal.written();
    return true;
  };
}

async function showPresence(cli: Cli, client: Client): Promise<void> {
  client.on("presence", (presence) => printPresence(cli.output(), presence));
  client.on("typing", ({ room, address, on }) => {
    const value = { event: "typing", conversation: room, address, on };
    cli.output().item(value, `${address} ${on ? "writes" : "writes no more"}`);
  });
  await client.presence.active();
}

async function follow(
  cli: Cli,
  client: Client,
  references: readonly string[],
  bounds: {
    readonly limit: number;
    readonly waits: boolean;
    readonly since: string | undefined;
    readonly handle: Handler;
  },
): Promise<void> {
  const done = new AbortController();
  const stop = () => done.abort();
  if (cli.stopped.aborted) return;
  cli.stopped.addEventListener("abort", stop);
  client.on("fault", ({ text }) => cli.output().note(`! ${text}`));
  client.on("reset", (reset) => cli.output().note(`! ${resetText(reset)}`));
  client.on("gap", ({ from, to, reason }) => {
    cli.output().note(`! entries ${from} to ${to} will not come (${reason})`);
  });
  client.on("lostByServer", ({ messages, sentAgain }) => {
    const text = sentAgain
      ? `the server has forgotten ${messages.length} messages of yours: they are sent again`
      : `${messages.length} messages of yours are kept back: look who is in the conversation`;
    cli.output().note(`! ${text}`);
  });
  client.on("clientsChanged", ({ added, removed }) => {
    for (const id of added) cli.output().note(`! a client was added to your account: ${id}`);
    for (const id of removed) cli.output().note(`! a client of your account was revoked: ${id}`);
  });
  client.on("identityAlarm", ({ text }) => cli.output().note(`! ${text}`));
  const ended = new Promise<never>((_resolve, reject) => {
    onEnd(client, reject);
  });
  ended.catch(() => undefined);
  const stopped = new Promise<"stopped">((resolve) => {
    done.signal.addEventListener("abort", () => resolve("stopped"));
  });
  if (!bounds.waits) {
    using watch = watchConnection(client);
    const settled = client.caughtUp().then(() => "caughtUp" as const);
    if ((await Promise.race([settled, watch.lost, stopped])) === "stopped") return;
  }
  const wanted = await Promise.all(
    references.map(async (reference) => (await client.conversations.get(reference)).id),
  );
  const show = async (): Promise<number> => {
    let shown = 0;
    const earlier = new Set<string>();
    if (bounds.since !== undefined) {
      for (const message of await messagesSince(client, bounds.since, wanted)) {
        earlier.add(message.id);
        if (await bounds.handle(message)) shown += 1;
        if (shown >= bounds.limit) return shown;
      }
    }
    const options = {
      signal: done.signal,
      drain: !bounds.waits,
      ...(wanted.length === 0 ? {} : { conversations: wanted }),
    };
    for await (const message of client.messages(options)) {
      if (!earlier.has(message.id) && (await bounds.handle(message))) shown += 1;
      if (shown >= bounds.limit) stop();
    }
    return shown;
  };
  const shown = await Promise.race([show(), ended]);
  if (shown === 0 && !bounds.waits) cli.output().hint("Nothing new.");
}

/** Others' messages, oldest first, from what the store holds. */
async function messagesSince(
  client: Client,
  since: string,
  conversations: readonly string[],
): Promise<readonly Message[]> {
  const places = conversations.map((id) => ` in:"${id}"`).join("");
  const query = `-from:me after:"${since}"${places}`;
  const messages: Message[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.search(query, { cursor, limit: 100, complete: true });
    messages.push(...page.hits.map(({ message }) => message));
    cursor = page.cursor;
  } while (cursor !== undefined);
  return messages.toReversed();
}

function print(cli: Cli, message: Message): void {
  const time = new Date(message.acceptedAt).toISOString();
  const value = valueOf(message);
  const said = message.sticker === undefined ? bodyText(value) : stickerText(message.sticker);
  cli.output().item(value, `${time} ${message.senderAddress}: ${said}`);
}

function valueOf(message: Message) {
  const { conversation, position, acceptedAt, id, senderAddress, senderClient, type, text } =
    message;
  return {
    conversation,
    position,
    acceptedAt,
    id,
    sender: senderAddress,
    senderClient,
    type,
    text,
    format: message.format,
    inReplyTo: message.inReplyTo ?? null,
    topic: message.topic ?? null,
    mentions: message.mentions,
    mentionsEveryone: message.mentionsEveryone,
    forwarded: message.forwarded ?? null,
    expiresAt: message.expiresAt ?? null,
    files: message.files.map(fileLine),
    sticker: message.sticker === undefined ? null : stickerLine(message.sticker),
    customEmoji: message.customEmoji.map(stickerLine),
  };
}
