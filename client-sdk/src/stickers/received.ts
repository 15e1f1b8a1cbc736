import {
  assetLinkOf,
  type Bytes,
  malformed,
  type RoomUri,
  type SentSticker,
  STICKER_LIMITS,
} from "@treehouse/protocol";

import { stickerInfo, type StickerInfo } from "../messages/index.ts";
import { checkFile } from "./check-file.ts";
import type { StickerAssets } from "./ports.ts";

/** A sticker that passed every check: it may be drawn. */
export type StickerContent = StickerInfo & { readonly bytes: Bytes };

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
  return { ...stickerInfo(item), bytes };
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
