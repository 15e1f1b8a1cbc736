import { readFile, writeFile } from "node:fs/promises";

import type { AuditItem, Conversation } from "@treehouse/client-sdk";

import { oneLine } from "../output.ts";
import type { Cli } from "./cli.ts";
import { withCaughtUpClient } from "./cli.ts";
import { CliFailure, EXIT } from "../failure.ts";
import { wholeNumber } from "./whole-number.ts";

type Noun = ReturnType<Cli["program"]["command"]>;

type Options = {
  readonly before?: string;
  readonly limit: string;
  readonly export?: string;
  readonly import?: string;
};

/** `treehouse group audit`: who did what in a conversation, and why. */
export function addAuditCommand(cli: Cli, noun: Noun): void {
  noun
    .command("audit")
    .description("who added, removed or moved whom, or changed the conversation, and why")
    .argument("<conversation>", "id, unique beginning of the id, or name")
    .option("--limit <number>", "how many acts", "50")
    .option("--before <number>", "those before this act")
    .option("--export <file>", "writes the whole record, signed, for another member")
    .option("--import <file>", "takes in what another member has exported, if all of it holds")
    .action(async (reference: string, options: Options) => {
      await withCaughtUpClient(cli, async (client) => {
        const conversation = await client.conversations.get(reference);
        if (options.export !== undefined) return give(cli, conversation, options.export);
        if (options.import !== undefined) return take(cli, conversation, options.import);
        return show(cli, conversation, options);
      });
    });
}

async function show(
  cli: Cli,
  conversation: Conversation,
  { before, limit }: Options,
): Promise<void> {
  const page = await conversation.audit({
    limit: wholeNumber("--limit", limit),
    ...(before === undefined ? {} : { before: wholeNumber("--before", before) }),
  });
  const { items, ...head } = page;
  const lines = items.map(lineOf);
  const missing = head.isCurrent ? [] : ["! what was done lately is not known here yet"];
  const first = items[0]?.number ?? head.number + 1;
  const earlier = before === undefined && first > 1 ? [`(${first - 1} before)`] : [];
  if (head.knownFrom > 1) {
    earlier.push(
      `! acts 1 to ${head.knownFrom - 1} are not here: somebody who was there can --export them for you`,
    );
  }
  cli.output().result({ id: conversation.id, ...head, items }, [...earlier, ...lines, ...missing]);
}

async function give(cli: Cli, conversation: Conversation, path: string): Promise<void> {
  const exported = await conversation.exportAudit();
  await writeFile(path, exported, { mode: 0o600 });
  const value = { id: conversation.id, file: path, octets: exported.length };
  cli.output().result(value, `Wrote ${exported.length} octets to ${path}.`);
}

async function take(cli: Cli, conversation: Conversation, path: string): Promise<void> {
  const exported = await readFile(path).catch((error: unknown) => {
    throw new CliFailure(EXIT.usage, "fileUnreadable", `${path} cannot be read: ${String(error)}`);
  });
  const { added } = await conversation.importAudit(exported);
  cli.output().result({ id: conversation.id, added }, `${added} acts are new here.`);
}

function lineOf({ number, acceptedAt, address, acts, reason, signed }: AuditItem): string {
  const at = acceptedAt === 0 ? "(told)" : new Date(acceptedAt).toISOString();
  const words = oneLine(acts.map(actText).join(", "));
  // Whoever comes in alone signs the commit, and nothing beside.
  const comes = acts.some(({ kind }) => kind === "join");
  const why = reason === "" ? "" : ` — ${oneLine(reason)}`;
  return `${number} ${at} ${address}: ${words}${why}${signed || comes ? "" : " (without a signature)"}`;
}

function actText(act: AuditItem["acts"][number]): string {
  const { kind, address = "", from = "", to = "", part = "", clients = 0 } = act;
  switch (kind) {
    case "add":
      return `+${address}`;
    case "join":
      return `${address} came in`;
    case "remove":
      return `-${address}`;
    case "depart":
      return `${address} is out, who had gone`;
    case "kick":
      return `-${clients} clients of ${address}`;
    case "role":
      return `${address} ${from} -> ${to}`;
    case "state":
      return stateText(act) ?? `changed: ${part}`;
    case "end":
      return "deleted it for all";
  }
}

function stateText(act: AuditItem["acts"][number]): string | undefined {
  const { fields = [], banned = [], silenced = [], unsilenced = [] } = act;
  const texts = [
    ...(fields.length === 0 ? [] : [`changed: ${fields.join(", ")}`]),
    ...banned.map((address) => `banned ${address}`),
    ...silenced.map((address) => `silenced ${address}`),
    ...unsilenced.map((address) => `lets ${address} speak again`),
  ];
  return texts.length === 0 ? undefined : texts.join(", ");
}
