import {
  type Bytes,
  type DecodedPack,
  decodePack,
  encodePack,
  isEmoji,
  isShortcode,
  type PackKind,
  Refusal,
  STICKER_LIMITS,
  type StickerItem,
} from "@treehouse/protocol";

import { itemOf } from "./check-file.ts";

/** A file that is to become a sticker, with what is to be said of it. */
export type StickerSource = {
  /** For people: what a refusal names. */
  readonly file: string;
  readonly bytes: Bytes;
  readonly emojis?: readonly string[] | undefined;
  /** What `:name:` means it; without colons. */
  readonly name?: string | undefined;
};

/** Of a pack that is to be made. */
export type PackWish = {
  readonly title: string;
  readonly author?: string | undefined;
  readonly kind?: PackKind | undefined;
};

/** A file that did not become a sticker, and why. */
export type RefusedSticker = {
  readonly file: string;
  readonly code: string;
  readonly message: string;
};

export type Made = {
  readonly pack: DecodedPack;
  readonly encoded: Bytes;
  readonly refused: readonly RefusedSticker[];
};

/**
 * Makes a pack of the files that may be stickers, in their order and octet for octet, and tells of the
 * others. Refuses what is wrong with the pack itself, and when no file is left. `pause` is called
 * between files, so that a large pack does not hold up everything else.
 */
export async function makePack(
  sources: readonly StickerSource[],
  { title, author, kind = "stickers" }: PackWish,
  pause: () => Promise<void>,
): Promise<Made> {
  const [items, files, refused]: [StickerItem[], Bytes[], RefusedSticker[]] = [[], [], []];
  const names = new Set<string>();
  for (const source of sources) {
    await pause();
    try {
      const item = read(source, names);
      if (item.name !== undefined) names.add(item.name);
      items.push(item);
      files.push(source.bytes);
    } catch (error) {
      refused.push(refusedBy(source.file, error));
    }
  }
  if (items.length === 0) {
    const [first] = refused;
    const why = first === undefined ? "" : `; the first: ${first.file}: ${first.message}`;
    throw new Refusal("malformed", `there is no sticker among ${sources.length} files${why}`);
  }
  const encoded = encodePack({ manifest: { title, author, kind, items }, files });
  return { pack: decodePack(encoded), encoded, refused };
}

function read(
  { bytes, emojis = [], name }: StickerSource,
  names: ReadonlySet<string>,
): StickerItem {
  const wrong = emojis.find((emoji) => !isEmoji(emoji));
  if (wrong !== undefined) throw new Refusal("malformed", `"${wrong}" is not one emoji`);
  if (name !== undefined && !isShortcode(name)) {
    throw new Refusal("malformed", `"${name}" is no name: 2 to 32 of a-z, 0-9, _, + and -`);
  }
  if (name !== undefined && names.has(name)) {
    throw new Refusal("malformed", `there is another sticker with the name "${name}"`);
  }
  const tags = [...new Set(emojis)];
  if (tags.length > STICKER_LIMITS.emojisPerStickerMax) {
    const [limitName, limit] = ["emojisPerStickerMax", STICKER_LIMITS.emojisPerStickerMax] as const;
    throw new Refusal("limitExceeded", `more than ${limit} emoji`, { limitName, limit });
  }
  return itemOf(bytes, { emojis: tags, name });
}

/** Why a file is refused; anything but a refusal is thrown on. */
export function refusedBy(file: string, error: unknown): RefusedSticker {
  if (!(error instanceof Refusal)) throw error;
  const { code, message }: Refusal = error;
  return { file, code, message };
}
