import {
  type Bytes,
  type Env,
  isShowable,
  Refusal,
  sha256,
  STICKER_LIMITS,
  toHex,
  utf8Encode,
} from "@treehouse/protocol";

import type { LocalStore } from "../../storage/index.ts";
import { tagsIn } from "../folder.ts";
import type { PackWish, RefusedSticker, StickerSource } from "../make-pack.ts";
import { refusedBy } from "../make-pack.ts";
import { type BotApi, createBotApi, type TelegramSticker } from "./bot-api.ts";

/** How a set is fetched from Telegram. */
export type TelegramImport = {
  /** `https://t.me/addstickers/Name`, `https://t.me/addemoji/Name`, or the name alone. */
  readonly set: string;
  /** Its own unless another one is wished. */
  readonly title?: string | undefined;
  /** Of a bot of the user's own; never stored, and sent to the Bot API alone. */
  readonly token: string;
  /** Where the Bot API is, for those who run their own. */
  readonly api?: string | undefined;
  /** Stops after the sticker that is under way. What has come is kept. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?:
    | ((progress: { readonly done: number; readonly total: number }) => void)
    | undefined;
};

/** A set as it came, in its order. */
export type FetchedSet = PackWish & {
  readonly sources: readonly StickerSource[];
  /** Those that Telegram did not give. */
  readonly refused: readonly RefusedSticker[];
  /** Forgets what was kept so that the import could go on. */
  forget(): Promise<void>;
};

/**
 * Fetches every sticker of a set. Each is kept as it comes, so that an import that was cut off goes on
 * where it was; one that Telegram does not give, or that is too long, is told of and left out.
 */
export async function fetchSet(
  parts: { readonly env: Pick<Env, "fetch" | "timer">; readonly store: LocalStore },
  wish: TelegramImport,
): Promise<FetchedSet> {
  const { store } = parts;
  const name = setNameOf(wish.set);
  const api = createBotApi(parts.env, { token: wish.token, base: wish.api, signal: wish.signal });
  const set = await api.stickerSet(name);
  const total = set.stickers.length;
  const { packItemsMax } = STICKER_LIMITS;
  if (total > packItemsMax) {
    throw new Refusal(
      "limitExceeded",
      `the set has ${total} stickers; a pack has ${packItemsMax}`,
      {
        limitName: "packItemsMax",
        limit: packItemsMax,
      },
    );
  }
  const source = hashOf(`telegram ${name}`);
  const kind = set.sticker_type === "custom_emoji" ? "emoji" : "stickers";
  const [sources, refused]: [StickerSource[], RefusedSticker[]] = [[], []];
  for (const [index, sticker] of set.stickers.entries()) {
    wish.signal?.throwIfAborted();
    const file = `${index + 1} (${sticker.file_unique_id})`;
    try {
      const bytes = await fetchOnce(api, store, { source, sticker });
      const shortcode = kind === "emoji" ? shortcodeOf(name, index) : undefined;
      sources.push({ file, bytes, emojis: tagsIn(sticker.emoji ?? ""), name: shortcode });
    } catch (error) {
      if (error instanceof Refusal && error.code === "notAllowed") throw error;
      refused.push(refusedBy(file, error));
    }
    wish.onProgress?.({ done: index + 1, total });
  }
  return {
    title: wish.title ?? titleOf(set.title, name),
    kind,
    sources,
    refused,
    forget: () => store.transaction((tx) => tx.stickerPacks.forgetImported(source)),
  };
}

async function fetchOnce(
  api: BotApi,
  store: LocalStore,
  { source, sticker }: { readonly source: string; readonly sticker: TelegramSticker },
): Promise<Bytes> {
  const item = hashOf(sticker.file_unique_id);
  const kept = await store.transaction((tx) => tx.stickerPacks.imported(source, item));
  if (kept !== undefined) return kept;
  const bytes = await api.file(sticker, STICKER_LIMITS.pictureBytesMax);
  await store.transaction((tx) => tx.stickerPacks.keepImported(source, item, bytes));
  return bytes;
}

/** Refuses `malformed` what is no link to a set and no name of one. */
function setNameOf(text: string): string {
  const link = /^(?:https?:\/\/)?(?:t\.me|telegram\.me)\/add(?:stickers|emoji)\/(\w{1,64})\/?$/;
  const name = link.exec(text)?.[1] ?? (/^\w{1,64}$/.test(text) ? text : undefined);
  if (name !== undefined) return name;
  throw new Refusal("malformed", `"${text}" is no link to a set, such as t.me/addstickers/Name`);
}

const segments = new Intl.Segmenter("en", { granularity: "grapheme" });

/** A title without what no title of ours may hold. */
function titleOf(title: string, name: string): string {
  const shown = [...segments.segment(title)]
    .map(({ segment }) => segment)
    .filter((sign) => isShowable(`x${sign}`))
    .join("");
  const short = shown.trim().slice(0, STICKER_LIMITS.packTitleMax);
  return isShowable(short) ? short : name;
}

/** Telegram's custom emoji have no names of their own: they are numbered. */
function shortcodeOf(set: string, index: number): string {
  return `${set.toLowerCase().slice(0, 28)}_${index + 1}`;
}

/** What was fetched is looked up by this, and tells a thief of the store nothing. */
function hashOf(text: string): string {
  return toHex(sha256(utf8Encode(text)));
}
