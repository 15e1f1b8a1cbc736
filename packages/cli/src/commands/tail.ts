import type { Client, Message } from "@treehouse/client-sdk";

import { CliFailure, EXIT } from "../failure.ts";
import type { Cli } from "./cli.ts";
import { withClient } from "./cli.ts";

/**
 * `treehouse tail`: messages of others that were not shown yet, each once it is printed counted
 * as seen. Without `--follow` it ends when everything the server held is shown.
 */
export function addTailCommand(cli: Cli): void {
  cli.program
    .command("tail")
    .alias("t")
    .description("show new messages of others, each once")
    .argument("[conversations...]", "only these; others stay unseen")
    .option("--follow", "go on until interrupted; lines typed are not sent")
    .option("--limit <number>", "end after so many messages")
    .action(async (references: string[], options: { follow?: boolean; limit?: string }) => {
      const limit = options.limit === undefined ? Infinity : Number(options.limit);
      if (!(limit > 0)) throw new CliFailure(EXIT.usage, "badNumber", "--limit takes a number");
      await withClient(cli, async (client) => {
        // With a limit the command waits for that many, as --follow does.
        const waits = options.follow === true || limit !== Infinity;
        await follow(cli, client, references, { limit, waits });
      });
    });
}

async function follow(
  cli: Cli,
  client: Client,
  references: readonly string[],
  bounds: { readonly limit: number; readonly waits: boolean },
): Promise<void> {
  const done = new AbortController();
  const { interrupted } = cli.terminal;
  const stop = () => done.abort();
  interrupted.addEventListener("abort", stop);
  client.on("fault", ({ text }) => cli.output().note(`! ${text}`));
  client.on("gap", ({ from, to }) => cli.output().note(`! entries ${from} to ${to} expired`));
  const ended = new Promise<never>((_resolve, reject) => {
    client.on("loginRequired", ({ reason }) =>
      reject(new CliFailure(EXIT.login, "loginRequired", reason)),
    );
  });
  ended.catch(() => undefined);
  if (!bounds.waits) await Promise.race([client.caughtUp(), ended]);
  const wanted = await Promise.all(
    references.map(async (reference) => (await client.conversations.get(reference)).id),
  );
  const show = async () => {
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
  };
  await Promise.race([show(), ended]);
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
    inReplyTo: message.inReplyTo ?? null,
  };
  const time = new Date(acceptedAt).toISOString();
  cli.output().item(value, `${time} ${senderAddress}: ${type === "text" ? text : `(${type})`}`);
}
