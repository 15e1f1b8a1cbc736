import type { HistoryItem } from "@treehouse/client-sdk";

import { oneLine } from "../output.ts";
import { CliFailure, EXIT } from "../failure.ts";
import { bodyText, fileLine } from "./file-text.ts";
import { reactionText, stickerText } from "./sticker-text.ts";
import type { Cli } from "./cli.ts";
import { withBriefClient } from "./cli.ts";
import { addHistoryBackup } from "./history-backup.ts";
import { addHistoryFiles } from "./history-files.ts";
import { wholeNumber } from "./whole-number.ts";

/** `treehouse history`: what the store holds of a conversation; works without a server. */
export function addHistoryCommand(cli: Cli): void {
  const noun = cli.program
    .command("history")
    .description("show a conversation as this store has it")
    .argument("<conversation>", "id, unique beginning of the id, or name")
    .option("--limit <number>", "the newest so many", "50")
    .option("--before <position>", "the newest before this position")
    .option("--after <position>", "the oldest behind this position")
    .option("--around <place>", "on both sides of a position, or of a message by its id")
    .action(async (reference: string, options: Shown) => {
      const page = pageOf(options);
      await withBriefClient(
        cli,
        async (client) => {
          const conversation = await client.conversations.get(reference);
          const items = await conversation.history(page);
          cli.output().list("items", items.map(withoutKeys), lineOf);
        },
        { offline: true },
      );
    });
  addHistoryFiles(cli, noun);
  addHistoryBackup(cli, noun);
}

type Shown = {
  readonly limit: string;
  readonly before?: string;
  readonly after?: string;
  readonly around?: string;
};

function pageOf({ limit, before, after, around }: Shown) {
  if (around !== undefined && !/^(?:\d+|[0-9a-f]{64})$/.test(around)) {
    const message = `"${around}" is neither a position nor the whole id of a message`;
    throw new CliFailure(EXIT.usage, "malformed", message, {
      help: "`treehouse history --json <conversation>` shows positions and ids.",
    });
  }
  const isId = around !== undefined && /^[0-9a-f]{64}$/.test(around);
  return {
    limit: wholeNumber("--limit", limit),
    ...(before === undefined ? {} : { before: wholeNumber("--before", before) }),
    ...(after === undefined ? {} : { after: wholeNumber("--after", after) }),
    ...(around === undefined ? {} : { around: isId ? around : wholeNumber("--around", around) }),
  };
}

/** Without the keys of files: lines are printed, piped and logged. */
function withoutKeys(item: HistoryItem) {
  return item.kind === "message" ? { ...item, files: item.files.map(fileLine) } : item;
}

type ItemRow = ReturnType<typeof withoutKeys>;

function lineOf(item: ItemRow): string {
  const at = `${item.position} ${new Date(item.acceptedAt).toISOString()}`;
  switch (item.kind) {
    case "message":
      return `${at} ${item.senderAddress}: ${textOf(item)}`;
    case "membership": {
      const added = item.added.map((address) => `+${address}`);
      const removed = item.removed.map((address) => `-${address}`);
      const about = aboutChangeText(item.about);
      const moved = item.server === undefined ? [] : [`server: ${item.server}`];
      const end = item.ended === true ? ["has deleted the conversation for everybody"] : [];
      const why = item.reason === undefined ? [] : [`(${oneLine(item.reason)})`];
      const who = item.by ?? "while you were away:";
      const what = [...added, ...removed, ...about, ...moved, ...end, ...why];
      return [at, "*", who, ...what].join(" ");
    }
    case "reset": {
      const server = item.reason === "hubGone" ? ` at ${item.server}` : "";
      return `${at} * ${item.by.join(", ")} had the conversation go on with new keys${server}`;
    }
    case "fault":
      return `${at} ! ${item.code}: ${oneLine(item.text)}`;
  }
}

/** What is different in what the conversation says of itself. */
function aboutChangeText(about: (ItemRow & { kind: "membership" })["about"]): readonly string[] {
  return Object.entries(about ?? {}).map(([field, value]) =>
    typeof value === "boolean"
      ? `${field}: ${value ? "new" : "none"}`
      : `${field}: "${oneLine(value ?? "")}"`,
  );
}

function textOf(item: ItemRow & { readonly kind: "message" }): string {
  if (item.type === "deleted") return "(deleted)";
  const told = item.toldBy === undefined ? "" : ` (told by ${item.toldBy})`;
  const words = wordsOf(item);
  const { from: source } = item.forwarded ?? {};
  const from = source === undefined ? "" : ` from ${oneLine(source)}`;
  const edited = item.editedAt === undefined ? "" : " (edited)";
  const reactions = item.reactions.map((one) => `  ${reactionText(one)}`).join("");
  const marks = [
    ...(item.pinned ? ["pinned"] : []),
    ...(item.forwarded === undefined ? [] : [`forwarded${from}`]),
    ...(item.preview?.isInText === false ? ["the preview is of another link"] : []),
  ].map((mark) => ` (${mark})`);
  return `${words}${edited}${told}${marks.join("")}${reactions}`;
}

function wordsOf(item: ItemRow & { readonly kind: "message" }): string {
  return item.sticker === undefined ? bodyText(item) : stickerText(item.sticker);
}
