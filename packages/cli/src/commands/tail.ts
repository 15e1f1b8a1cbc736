import type { Client, Message } from "@treehouse/client-sdk";

import { bodyText, fileLine } from "./file-text.ts";
import { stickerLine, stickerText } from "./sticker-text.ts";
import type { Cli } from "./cli.ts";
import { loginRequired, watchConnection, withClient } from "./cli.ts";
import { printPresence } from "./presence.ts";
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
    .option("--presence", "show who is there and who writes as well, and yourself to contacts")
    .action(async (references: string[], options: TailOptions) => {
      const limit = options.limit === undefined ? Infinity : wholeNumber("--limit", options.limit);
      await withClient(cli, async (client) => {
        // With a limit the command waits for that many, as --follow does.
        const waits = options.follow === true || limit !== Infinity;
        if (options.presence === true) await showPresence(cli, client);
        await follow(cli, client, references, { limit, waits });
      });
    });
}

type TailOptions = { follow?: boolean; limit?: string; presence?: boolean };

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
  bounds: { readonly limit: number; readonly waits: boolean },
): Promise<void> {
  const done = new AbortController();
  const stop = () => done.abort();
  if (cli.stopped.aborted) return;
  cli.stopped.addEventListener("abort", stop);
  client.on("fault", ({ text }) => cli.output().note(`! ${text}`));
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
    client.on("loginRequired", ({ reason }) => reject(loginRequired(reason)));
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
    const options = {
      signal: done.signal,
      drain: !bounds.waits,
      ...(wanted.length === 0 ? {} : { conversations: wanted }),
    };
    for await (const message of client.messages(options)) {
      print(cli, message);
      shown += 1;
      if (shown >= bounds.limit) stop();
    }
    return shown;
  };
  const shown = await Promise.race([show(), ended]);
  if (shown === 0 && !bounds.waits) cli.output().hint("Nothing new.");
}

function print(cli: Cli, message: Message): void {
  const { conversation, position, acceptedAt, id, senderAddress, senderClient, type, text } =
    message;
  const value = {
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
    files: message.files.map(fileLine),
    sticker: message.sticker === undefined ? null : stickerLine(message.sticker),
    customEmoji: message.customEmoji.map(stickerLine),
  };
  const time = new Date(acceptedAt).toISOString();
  const said = message.sticker === undefined ? bodyText(value) : stickerText(message.sticker);
  cli.output().item(value, `${time} ${senderAddress}: ${said}`);
}
