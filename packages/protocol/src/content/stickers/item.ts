import type { Bytes } from "../../bytes/index.ts";
import { malformed } from "../../codec/index.ts";
import { list, octets, text, uint } from "../cbor-fields.ts";
import { type CborMap, type CborValue, isMap } from "../cbor.ts";
import { isEmoji } from "../change-content.ts";
import { isShowable } from "../showable.ts";
import { checkStickerLimit } from "./check-limit.ts";

/** What a sticker may be; anything else, SVG before all, is none. */
export const STICKER_MEDIA_TYPES = [
  "application/x-tgsticker",
  "video/webm",
  "image/webp",
  "image/png",
  "image/gif",
  "image/jpeg",
] as const;

export type StickerMediaType = (typeof STICKER_MEDIA_TYPES)[number];

/** One sticker as its maker describes it. What its file says is read from the file alone. */
export type StickerItem = {
  readonly mediaType: StickerMediaType;
  /** Octets of the file. */
  readonly size: number;
  /** SHA-256 of the file: the same in whichever pack it is. */
  readonly hash: Bytes;
  readonly width: number;
  readonly height: number;
  /** Undefined: it does not move. */
  readonly durationMs: number | undefined;
  /** What it stands for; the first is shown where the sticker cannot be. */
  readonly emojis: readonly string[];
  /** What `:name:` means it in texts. */
  readonly name: string | undefined;
};

const keys = {
  mediaType: 1,
  size: 2,
  hash: 3,
  width: 4,
  height: 5,
  durationMs: 6,
  emojis: 7,
  name: 8,
} as const;

/** A name without its colons: lower case, so that nobody has to know which letters are capitals. */
export function isShortcode(name: string): boolean {
  return /^[a-z0-9_+-]{2,32}$/.test(name);
}

export function itemToCbor(item: StickerItem): CborMap {
  const { mediaType, size, hash, width, height, durationMs, emojis, name } = item;
  const map = new Map<number, CborValue>([
    [keys.mediaType, mediaType],
    [keys.size, size],
    [keys.hash, hash],
    [keys.width, width],
    [keys.height, height],
  ]);
  if (durationMs !== undefined) map.set(keys.durationMs, durationMs);
  if (emojis.length > 0) map.set(keys.emojis, emojis);
  if (name !== undefined) map.set(keys.name, name);
  return map;
}

/** Refuses `malformed` and `limitExceeded`; members that are not known are passed over. */
export function itemFromCbor(value: CborValue | undefined): StickerItem {
  if (!isMap(value)) throw malformed("a sticker that is no map");
  const hash = octets(value.get(keys.hash));
  if (hash.length !== 32) throw malformed("a hash that is not 32 octets long");
  const [width, height] = [side(value.get(keys.width)), side(value.get(keys.height))];
  const size = uint(value.get(keys.size), Number.MAX_SAFE_INTEGER);
  checkStickerLimit("pictureBytesMax", size, "a sticker's file");
  if (size === 0) throw malformed("a sticker without octets");
  return {
    mediaType: mediaTypeOf(value.get(keys.mediaType)),
    size,
    hash,
    width,
    height,
    durationMs: durationOf(value.get(keys.durationMs)),
    emojis: emojisOf(value.get(keys.emojis)),
    name: nameOf(value.get(keys.name)),
  };
}

function mediaTypeOf(value: CborValue | undefined): StickerMediaType {
  const found = STICKER_MEDIA_TYPES.find((one) => one === value);
  if (found === undefined) throw malformed("a media type that no sticker has");
  return found;
}

function side(value: CborValue | undefined): number {
  const pixels = uint(value, Number.MAX_SAFE_INTEGER);
  if (pixels === 0) throw malformed("a side of no pixels");
  checkStickerLimit("sideMax", pixels, "a sticker's side");
  return pixels;
}

function durationOf(value: CborValue | undefined): number | undefined {
  if (value === undefined) return undefined;
  const duration = uint(value, Number.MAX_SAFE_INTEGER);
  checkStickerLimit("durationMaxMs", duration, "a sticker's duration");
  return duration;
}

function emojisOf(value: CborValue | undefined): readonly string[] {
  if (value === undefined) return [];
  const emojis = list(value).map(text);
  checkStickerLimit("emojisPerStickerMax", emojis.length, "a sticker's emoji");
  if (!emojis.every(isEmoji)) throw malformed("a tag that is not one emoji");
  if (new Set(emojis).size < emojis.length) throw malformed("an emoji twice");
  return emojis;
}

function nameOf(value: CborValue | undefined): string | undefined {
  if (value === undefined) return undefined;
  const name = text(value);
  if (!isShortcode(name)) throw malformed("a name that is no shortcode");
  return name;
}

/** A title or a name that people gave. */
export function shownText(value: CborValue | undefined): string {
  const shown = text(value);
  checkStickerLimit("packTitleMax", shown.length, "a title");
  if (!isShowable(shown)) throw malformed("a text that shows nothing, or hides something");
  return shown;
}

/** What stands in the sticker's place where it cannot be shown. */
export function fallbackOf({ emojis, name }: Pick<StickerItem, "emojis" | "name">): string {
  return emojis[0] ?? (name === undefined ? NO_EMOJI : `:${name}:`);
}

/** The reaction that a client shows for a custom emoji without a tag, if it does not know it. */
export const NO_EMOJI = "🔣";
