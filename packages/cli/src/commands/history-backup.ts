import type { BackupStatus, Client } from "@treehouse/client-sdk";
import type { Command } from "commander";

import type { Cli } from "./cli.ts";
import { withCaughtUpClient } from "./cli.ts";
import { paced } from "./history-files.ts";
import { wholeNumber } from "./whole-number.ts";

/** `treehouse history backup …` and `restore`. */
export function addHistoryBackup(cli: Cli, noun: Command): void {
  const backup = noun.command("backup").description("the encrypted backup at your server");
  backup
    .command("status")
    .description("show how much is in it, and what is not yet")
    .action(() =>
      withCaughtUpClient(cli, async (client) => show(cli, await client.history.backup.status())),
    );
  for (const on of [true, false]) {
    backup
      .command(on ? "on" : "off")
      .description(
        on ? "keep one, for all of your clients" : "keep none, and delete it from the server",
      )
      .action(() =>
        withCaughtUpClient(cli, async (client) => {
          await client.history.backup.set(on);
          show(cli, await client.history.backup.status());
        }),
      );
  }
  backup
    .command("now")
    .description("write what is not in it yet")
    .action(() =>
      withCaughtUpClient(cli, async (client) => {
        tellProgress(cli, client);
        show(cli, await client.history.backup.save());
      }),
    );
  noun
    .command("restore")
    .description("take in all of the backup that is not here yet")
    .option("--ask", "ask another of your clients instead, and wait until it has given everything")
    .action(({ ask }: { readonly ask?: boolean }) =>
      withCaughtUpClient(cli, async (client) => {
        tellProgress(cli, client);
        if (ask === true) {
          const segments = await askOthers(cli, client);
          cli.output().result({ segments }, `${segments} segments came from another client`);
          return;
        }
        const counts = await client.history.backup.restore();
        const { added, known, erased, refused } = counts;
        const text = `${added} taken in, ${known} known, ${erased} erased, ${refused} refused`;
        cli.output().result({ ...counts }, text);
      }),
    );
}

/** Resolves with how many segments there were. */
async function askOthers(cli: Cli, client: Client): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  client.on("history", ({ from, state, done }) => {
    if (from === "client" && state === "complete") resolve(done);
  });
  await client.history.ask();
  cli
    .output()
    .note("asked; one of your other clients has to be connected, as with `tail --follow`");
  return promise;
}

function tellProgress(cli: Cli, client: Client): void {
  const pace = paced(cli);
  client.on("history", ({ state, done, total }) => {
    if (state === "coming" || state === "saved") pace(`${done} of ${total} segments`);
    if (state === "missing" || state === "damaged") {
      cli.output().note(`! a part of the backup is ${state} at the server`);
    }
  });
}

function show(cli: Cli, status: BackupStatus): void {
  const { on, savedAt, messages, bytes, segments, waiting, missing } = status;
  const when = savedAt === undefined ? "never" : new Date(savedAt).toISOString();
  const lines = [
    `backup: ${on ? "on" : "off"}`,
    `saved: ${when}`,
    `in it: ${messages} messages and events in ${segments} segments, ${(bytes / 1024).toFixed(0)} KiB`,
    `not in it yet: ${waiting ? "something" : "nothing"}`,
    ...(missing === 0
      ? []
      : [`not here yet: ${missing} segments; \`history restore\` takes them in`]),
  ];
  cli.output().result({ ...status }, lines);
}

/** `treehouse group history`: what a conversation grants those who join it. */
export function addGrantCommand(cli: Cli, group: Command): void {
  group
    .command("history")
    .description("show or choose how many days of before those who join are told")
    .argument("<conversation>", "id, unique beginning of the id, or name")
    .argument("[days]", "0 to 366; without it nothing changes")
    .action((reference: string, days: string | undefined) =>
      withCaughtUpClient(cli, async (client) => {
        const conversation = await client.conversations.get(reference);
        if (days !== undefined) {
          await conversation.setHistoryDays(days === "0" ? 0 : wholeNumber("<days>", days));
        }
        const granted = await conversation.historyDays();
        const text = granted === 0 ? "nothing of before" : `the last ${granted} days`;
        cli.output().result({ days: granted }, `Those who join are told ${text}.`);
      }),
    );
}
