import { checkStickerLimit, utf8Decode } from "@treehouse/protocol";

import { gunzip } from "./gunzip.ts";
import { readLottie } from "./lottie.ts";
import type { StickerFile } from "./sticker-file.ts";

/** An animated sticker: Lottie as JSON in gzip. */
export function readTgs(bytes: Uint8Array): StickerFile {
  checkStickerLimit("tgsBytesMax", bytes.length, "an animated sticker");
  return { mediaType: "application/x-tgsticker", ...readLottie(utf8Decode(gunzip(bytes))) };
}
