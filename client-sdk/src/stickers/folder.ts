import { type Bytes, isEmoji, isShortcode, Refusal, utf8Decode } from "@treehouse/protocol";
import { z } from "zod";

import type { PackWish, StickerSource } from "./make-pack.ts";

/** A file of a folder, with its name alone. */
export type FolderFile = { readonly name: string; readonly bytes: Bytes };

/** What a folder says of the pack in it. */
export type FolderPack = Omit<PackWish, "title"> & {
  readonly title?: string | undefined;
  readonly sources: readonly StickerSource[];
};

/** What `pack.json` in a folder says: the pack, and its stickers in their order. */
const namesSchema = z.object({
  title: z.string().optional(),
  author: z.string().optional(),
  kind: z.enum(["stickers", "emoji"]).optional(),
  stickers: z.array(
    z.object({
      file: z.string(),
      emojis: z.array(z.string()).optional(),
      name: z.string().optional(),
    }),
  ),
});

/** An answer of Telegram's `getStickerSet`, which exports keep beside the files. */
const setSchema = z.object({
  title: z.string(),
  sticker_type: z.string().optional(),
  stickers: z.array(
    z.object({
      file_id: z.string(),
      file_unique_id: z.string(),
      emoji: z.string().optional(),
    }),
  ),
});

export const NAMES_FILE = "pack.json";

/**
 * The stickers of a folder in their order: that of `pack.json`, or of an answer of Telegram's
 * `getStickerSet` (`*.json`, files called by their `file_unique_id` or `file_id`), else that of the names of the files,
 * numbers by their value. Without either an emoji in a file's name tags the sticker, and the rest of the
 * name is what `:name:` means it. What the lists leave out comes last. Refuses `malformed`.
 */
export function readFolder(files: readonly FolderFile[]): FolderPack {
  const shown = files.filter(({ name }) => !name.startsWith("."));
  const lists = shown.filter(({ name }) => name.toLowerCase().endsWith(".json"));
  const others = shown
    .filter((file) => !lists.includes(file))
    .toSorted((one, other) => order.compare(one.name, other.name));
  const names = lists.find(({ name }) => name === NAMES_FILE);
  if (names !== undefined) return byNames(names, others);
  for (const list of lists) {
    const set = telegramSet(list);
    if (set !== undefined) return bySet(set, others);
  }
  return { sources: others.map(byName) };
}

const order = new Intl.Collator("en", { numeric: true });

function byNames(list: FolderFile, files: readonly FolderFile[]): FolderPack {
  const { success, data } = namesSchema.safeParse(parse(list.bytes));
  if (!success) {
    throw new Refusal(
      "malformed",
      `${NAMES_FILE} is not {title?, author?, kind?, stickers: [{file, emojis?, name?}]}`,
    );
  }
  const { stickers, ...pack } = data;
  const byFile = new Map(files.map((file) => [file.name, file]));
  const sources = stickers.map(({ file, emojis, name }) => {
    const found = byFile.get(file);
    if (found === undefined)
      throw new Refusal("malformed", `${NAMES_FILE} names "${file}", which is not there`);
    byFile.delete(file);
    return { file, bytes: found.bytes, emojis, name };
  });
  return { ...pack, sources: [...sources, ...[...byFile.values()].map(byName)] };
}

type TelegramSet = z.infer<typeof setSchema>;

function telegramSet({ bytes }: FolderFile): TelegramSet | undefined {
  const value = parse(bytes);
  const whole = z.object({ ok: z.literal(true), result: setSchema }).safeParse(value);
  return whole.success ? whole.data.result : setSchema.safeParse(value).data;
}

function bySet(set: TelegramSet, files: readonly FolderFile[]): FolderPack {
  const left = new Map(files.map((file) => [stemOf(file.name), file]));
  const sources = set.stickers.flatMap(({ file_id, file_unique_id, emoji }) => {
    const stem = [file_unique_id, file_id].find((name) => left.has(name)) ?? "";
    const found = left.get(stem);
    if (found === undefined) return [];
    left.delete(stem);
    return [{ file: found.name, bytes: found.bytes, emojis: tagsIn(emoji ?? "") }];
  });
  return {
    title: set.title,
    kind: set.sticker_type === "custom_emoji" ? "emoji" : "stickers",
    sources: [...sources, ...[...left.values()].map(byName)],
  };
}

function byName({ name: file, bytes }: FolderFile): StickerSource {
  const stem = stemOf(file);
  const name = stem
    .toLowerCase()
    .replaceAll(/[^a-z0-9_+-]+/g, "_")
    .replaceAll(/^_+|_+$/g, "");
  return { file, bytes, emojis: tagsIn(stem), name: isShortcode(name) ? name : undefined };
}

function stemOf(name: string): string {
  return name.replace(/\.[^.]*$/, "");
}

const segments = new Intl.Segmenter("en", { granularity: "grapheme" });

/** The emoji in a text, each once. */
export function tagsIn(text: string): readonly string[] {
  const found = [...segments.segment(text)].map(({ segment }) => segment).filter(isEmoji);
  return [...new Set(found)];
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(utf8Decode(bytes));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof Refusal) return undefined;
    throw error;
  }
}
