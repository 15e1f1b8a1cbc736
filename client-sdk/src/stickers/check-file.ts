import { type Bytes, equalBytes, malformed, sha256, type StickerItem } from "@treehouse/protocol";

import { readStickerFile } from "../sticker-files/index.ts";

/**
 * Whether a file of anybody is the one that its item describes, and one that may be drawn (FED-883).
 * Refuses `malformed` and `limitExceeded`.
 */
export function checkFile(bytes: Bytes, item: StickerItem): void {
  if (bytes.length !== item.size || !equalBytes(sha256(bytes), item.hash)) {
    throw malformed("another file than the sticker's");
  }
  const { mediaType, width, height, durationMs } = readStickerFile(bytes);
  const isSame =
    mediaType === item.mediaType &&
    width === item.width &&
    height === item.height &&
    durationMs === item.durationMs;
  if (!isSame) throw malformed("a sticker that is not what it says");
}

/** What a file says of itself, as an item with what its maker adds. */
export function itemOf(bytes: Bytes, said: Pick<StickerItem, "emojis" | "name">): StickerItem {
  const { mediaType, width, height, durationMs } = readStickerFile(bytes);
  const { length: size } = bytes;
  return { mediaType, size, hash: sha256(bytes), width, height, durationMs, ...said };
}
