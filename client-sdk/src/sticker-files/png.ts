import { checkStickerLimit, malformed } from "@treehouse/protocol";

import { Octets } from "./octets.ts";
import {
  checkInside,
  checkMotion,
  checkSize,
  type Size,
  type StickerFile,
} from "./sticker-file.ts";

/** A PNG, still or moving (APNG), by its chunks. */
export function readPng(bytes: Uint8Array): StickerFile {
  const file = new Octets(bytes);
  file.take(8);
  const size = readHeader(file);
  let promised: number | undefined;
  let [frames, durationMs, hasData, ended] = [0, 0, false, false];
  while (!ended) {
    const length = file.u32();
    const type = file.ascii(4);
    const content = new Octets(file.take(length));
    file.take(4);
    switch (type) {
      case "IHDR":
        throw malformed("a PNG with two headers");
      case "acTL":
        if (promised !== undefined || hasData) throw malformed("a PNG that begins to move twice");
        promised = content.u32();
        checkStickerLimit("framesMax", promised, "the number of frames");
        break;
      case "fcTL":
        frames += 1;
        durationMs += readFrame(content, size);
        checkMotion(frames, durationMs);
        break;
      case "IDAT":
        hasData = true;
        break;
      case "zTXt":
        throw malformed("a PNG with packed text");
      case "iTXt":
        if (isPacked(content)) throw malformed("a PNG with packed text");
        break;
      case "IEND":
        ended = true;
        break;
    }
  }
  file.end();
  if (!hasData) throw malformed("a PNG without a picture");
  if (promised === undefined || promised < 2) {
    return { mediaType: "image/png", ...size, durationMs: undefined, frames: 1 };
  }
  if (frames !== promised) throw malformed("a PNG with other frames than it says");
  return { mediaType: "image/png", ...size, durationMs: Math.round(durationMs), frames };
}

function readHeader(file: Octets): Size {
  if (file.u32() !== 13 || file.ascii(4) !== "IHDR") throw malformed("a PNG without a header");
  const size = { width: file.u32(), height: file.u32() };
  checkSize(size);
  const [depth, colour, compression, filter, interlace] = file.take(5);
  const depths = depthsOf[colour ?? -1];
  if (depths?.includes(depth ?? -1) !== true) throw malformed("a PNG of unknown colours");
  if (compression !== 0 || filter !== 0 || (interlace ?? 2) > 1) throw malformed("no PNG");
  file.take(4);
  return size;
}

const depthsOf: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};

/** Milliseconds that the frame is shown for. */
function readFrame(content: Octets, size: Size): number {
  content.take(4);
  const [width, height, x, y] = [content.u32(), content.u32(), content.u32(), content.u32()];
  checkInside({ width, height, x, y }, size);
  const [delay, per] = [content.u16(), content.u16()];
  return (delay * 1000) / (per === 0 ? 100 : per);
}

function isPacked(content: Octets): boolean {
  while (content.u8() !== 0);
  return content.u8() !== 0;
}
