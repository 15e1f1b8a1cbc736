import {
  assetLinkOf,
  type Bytes,
  formatPackLink,
  malformed,
  type RoomUri,
  type SentSticker,
  type StickerItem,
  type StickerMediaType,
  STICKER_LIMITS,
  toHex,
} from "@treehouse/protocol";

import { checkFile } from "./check-file.ts";
import type { StickerAssets } from "./ports.ts";

/** A sticker as it is described; what its file holds has been compared with it before it is handed out. */
export type StickerInfo = {
  /** Hex of the file's SHA-256: the same sticker in whichever pack it is. */
  readonly id: string;
  /** `:name:` in texts. */
  readonly name: string | undefined;
  readonly emojis: readonly string[];
  readonly mediaType: StickerMediaType;
  readonly width: number;
  readonly height: number;
  /** Undefined: it does not move. */
  readonly durationMs: number | undefined;
  /** Octets. */
  readonly size: number;
};

/** A sticker in a message. */
export type MessageSticker = StickerInfo & {
  /** A link to the pack that it is from, if its sender shares that. */
  readonly pack: string | undefined;
};

/** A sticker that passed every check: it may be drawn. */
export type StickerContent = StickerInfo & { readonly bytes: Bytes };

export function infoOf({ hash, ...item }: StickerItem): StickerInfo {
  const { name, emojis, mediaType, width, height, durationMs, size } = item;
  return { id: toHex(hash), name, emojis, mediaType, width, height, durationMs, size };
}

export function messageSticker({ item, pack }: SentSticker): MessageSticker {
  return { ...infoOf(item), pack: pack && formatPackLink(pack) };
}

/**
 * The file of a sticker in a message of anybody, once it is known to be the one that is described and
 * within all limits. Refuses `malformed` and `limitExceeded` what is not.
 */
export async function receivedSticker(
  assets: Pick<StickerAssets, "read">,
  room: RoomUri,
  { item, file }: SentSticker,
): Promise<StickerContent> {
  const bytes = file.kind === "single" ? file.content : await fetched(assets, room, file);
  checkFile(bytes, item);
  return { ...infoOf(item), bytes };
}

async function fetched(
  assets: Pick<StickerAssets, "read">,
  room: RoomUri,
  file: Extract<SentSticker["file"], { readonly kind: "external" }>,
): Promise<Bytes> {
  const link = assetLinkOf(file, room);
  if (link === undefined) throw malformed("a sticker whose file is not an asset");
  const { pictureBytesMax: bytesMax } = STICKER_LIMITS;
  return new Uint8Array(await assets.read(link, { bytesMax }));
}
