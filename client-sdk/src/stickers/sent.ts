import {
  assetPart,
  DISPOSITIONS,
  inlineFile,
  type PackManifest,
  type RoomUri,
  type SentSticker,
  STICKER_LIMITS,
  type StickerItem,
} from "@treehouse/protocol";

import type { LocalStore } from "../storage/index.ts";
import { packHere } from "./keep-pack.ts";
import { type OwnPack, ownPacks } from "./own-packs.ts";
import type { StickerAssets } from "./ports.ts";

type Parts = {
  readonly store: LocalStore;
  readonly assets: StickerAssets;
  readonly pause: () => Promise<void>;
};

/** A sticker of a pack of the user's. */
export type Chosen = {
  readonly own: OwnPack;
  readonly index: number;
  readonly item: StickerItem;
};

/**
 * A sticker as a message holds it: with its file inside while that is small, else as an asset for the
 * room. `withPack`: whoever reads it may have the pack.
 */
export async function sentSticker(
  { store, assets }: Parts,
  room: RoomUri,
  { own, index, item }: Chosen,
  { withPack, inlineMax }: { readonly withPack: boolean; readonly inlineMax: number },
): Promise<SentSticker> {
  const bytes = await store.transaction((tx) => tx.stickerPacks.file(own.id, index));
  if (bytes === undefined) throw new RangeError("a pack that is here has its files");
  const pack = withPack ? own.link : undefined;
  if (bytes.length <= inlineMax) return { item, pack, file: inlineFile(item, bytes) };
  const link = await assets.upload(bytes, { access: { kind: "room", room } });
  const { icon: disposition } = DISPOSITIONS;
  return { item, pack, file: assetPart(link, { contentType: item.mediaType, disposition }) };
}

/** The custom emoji that a text names, each once: of two of one name that of the pack that came first. */
export async function emojiIn(
  parts: Parts,
  room: RoomUri,
  text: string,
): Promise<readonly SentSticker[]> {
  const wanted = new Set([...text.matchAll(shortcodes)].map(([, name = ""]) => name));
  if (wanted.size === 0) return [];
  const found: SentSticker[] = [];
  let inlineMax: number = STICKER_LIMITS.inlineEmojiBytesMax;
  for (const chosen of await emojiNamed(parts, wanted)) {
    if (found.length === STICKER_LIMITS.customEmojiPerMessageMax) break;
    const sent = await sentSticker(parts, room, chosen, { withPack: false, inlineMax });
    if (sent.file.kind === "single") inlineMax -= sent.item.size;
    found.push(sent);
  }
  return found;
}

/** `:name:`, where no other letter or colon touches it. */
const shortcodes = /(?<![\w:]):([a-z0-9_+-]{2,32}):(?![\w:])/g;

export async function emojiNamed(
  parts: Parts,
  names: ReadonlySet<string>,
): Promise<readonly Chosen[]> {
  const packs = await parts.store.transaction(ownPacks);
  const left = new Set(names);
  const found: Chosen[] = [];
  for (const own of packs.filter(({ kind }) => kind === "emoji")) {
    if (left.size === 0) break;
    const { items } = await packHere(parts, own);
    for (const [index, item] of items.entries()) {
      if (item.name !== undefined && left.delete(item.name)) found.push({ own, index, item });
    }
  }
  return found;
}

/** Where a sticker stands in a pack: by number from 1, by name, or by its id or the beginning of it. */
export function indexOfSticker(
  { items }: PackManifest,
  reference: string,
  idOf: (item: StickerItem) => string,
): number | undefined {
  if (/^[1-9]\d{0,2}$/.test(reference)) {
    const index = Number(reference) - 1;
    return index < items.length ? index : undefined;
  }
  const name = reference.replace(/^:(.+):$/, "$1");
  const named = items.findIndex((item) => item.name === name);
  if (named !== -1) return named;
  const starting = items.flatMap((item, index) =>
    reference.length >= 6 && idOf(item).startsWith(reference) ? [index] : [],
  );
  return starting.length === 1 ? starting[0] : undefined;
}
