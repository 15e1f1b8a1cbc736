import { type Bytes, checkStickerLimit, malformed } from "@treehouse/protocol";

import { readGif } from "./gif.ts";
import { readJpeg } from "./jpeg.ts";
import { readPng } from "./png.ts";
import type { StickerFile } from "./sticker-file.ts";
import { readTgs } from "./tgs.ts";
import { readWebm } from "./webm.ts";
import { readWebp } from "./webp.ts";

type Format = {
  /** Its first octets; undefined: any. */
  readonly starts: readonly (number | undefined)[];
  readonly limit: "tgsBytesMax" | "webmBytesMax" | "pictureBytesMax";
  read(bytes: Bytes): StickerFile;
};

const any = undefined;
const formats: readonly Format[] = [
  { starts: [0x1f, 0x8b], limit: "tgsBytesMax", read: readTgs },
  { starts: [0x1a, 0x45, 0xdf, 0xa3], limit: "webmBytesMax", read: readWebm },
  {
    starts: [0x52, 0x49, 0x46, 0x46, any, any, any, any, 0x57, 0x45, 0x42, 0x50],
    limit: "pictureBytesMax",
    read: readWebp,
  },
  {
    starts: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
    limit: "pictureBytesMax",
    read: readPng,
  },
  { starts: [0x47, 0x49, 0x46, 0x38], limit: "pictureBytesMax", read: readGif },
  { starts: [0xff, 0xd8, 0xff], limit: "pictureBytesMax", read: readJpeg },
];

/**
 * What a file of anybody is, by its octets alone. Nothing is drawn and nothing is decoded beyond the
 * structure. Refuses `malformed` what is no sticker or breaks its format, and `limitExceeded`, with
 * the limit's name, what is too much (T-38, FED-883).
 */
export function readStickerFile(bytes: Bytes): StickerFile {
  const format = formats.find(({ starts }) =>
    starts.every((octet, index) => octet === any || bytes[index] === octet),
  );
  if (format === undefined) {
    throw malformed("no sticker: there are .tgs, .webm, .webp, .png, .gif and .jpg");
  }
  checkStickerLimit(format.limit, bytes.length, "the file");
  return format.read(bytes);
}
