import type { Cli } from "./cli.ts";
import { withCaughtUpClient, withBriefClient } from "./cli.ts";
import { CliFailure, EXIT } from "../failure.ts";
import { wholeNumber } from "./whole-number.ts";

type Noun = ReturnType<Cli["program"]["command"]>;

/** `treehouse group delete` and `forget`: the end of a conversation, for all or in this store. */
export function addEndCommands(cli: Cli, noun: Noun): void {
  noun
    .command("delete")
    .description("delete a conversation for everybody, for good; what was said stays with each")
    .argument("<conversation>", "id, unique beginning of the id, or name")
    .option("--yes", "without asking once more")
    .option("--reason <text>", "for those in the conversation")
    .action((reference: string, options: EndOptions) => end(cli, reference, options));
  noun
    .command("unseen")
    .description("after how many days away a client is taken out; or change it for all")
    .argument("<conversation>", "id, unique beginning of the id, or name")
    .argument("[days]", "1 to 3650, or never")
    .option("--reason <text>", "for those in the conversation")
    .action((reference: string, days: string | undefined, { reason }: EndOptions) =>
      unseen(cli, reference, days, reason),
    );
  noun
    .command("forget")
    .description("drop what this store has of a conversation that you are out of")
    .argument("<conversation>", "id, unique beginning of the id, or name")
    .action(async (reference: string) => {
      await withBriefClient(
        cli,
        async (client) => {
          const conversation = await client.conversations.get(reference);
          await conversation.forget();
          cli.output().result({ id: conversation.id }, "Forgotten.");
        },
        { offline: true },
      );
    });
}

type EndOptions = { readonly yes?: boolean; readonly reason?: string };

async function end(cli: Cli, reference: string, { yes, reason }: EndOptions): Promise<void> {
  await withCaughtUpClient(cli, async (client) => {
    const conversation = await client.conversations.get(reference);
    const { name, members } = await conversation.info();
    if (yes !== true && !(await isAgreed(cli, `"${name}" with ${members.length} members`))) {
      const help = "Give --yes to delete it without being asked.";
      throw new CliFailure(EXIT.usage, "declined", "nothing was deleted", { help });
    }
    await conversation.deleteForAll({ reason });
    const { deleted } = await conversation.info();
    cli.output().result({ id: conversation.id, deleted }, `Deleted "${name}" for everybody.`);
    cli.output().hint(`What was said is still here: treehouse group forget ${conversation.id}`);
  });
}

async function isAgreed({ terminal }: Cli, what: string): Promise<boolean> {
  if (!terminal.stdinIsTerminal) return false;
  terminal.err(`Nobody will write in ${what} ever again. Delete it? [y/N] `);
  for await (const line of terminal.lines()) return /^y(es)?$/i.test(line.trim());
  return false;
}

async function unseen(
  cli: Cli,
  reference: string,
  given: string | undefined,
  reason: string | undefined,
): Promise<void> {
  await withCaughtUpClient(cli, async (client) => {
    const conversation = await client.conversations.get(reference);
    if (given !== undefined) {
      const days = given === "never" ? undefined : wholeNumber("days", given);
      await conversation.setUnseenDays(days, { reason });
    }
    const days = await conversation.unseenDays();
    const text = days === undefined ? "clients stay" : `clients go after ${days} days away`;
    cli.output().result({ id: conversation.id, days: days ?? null }, text);
  });
}
