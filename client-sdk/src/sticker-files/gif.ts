import { malformed } from "@treehouse/protocol";

import { Octets } from "./octets.ts";
import { checkInside, checkMotion, checkSize, type StickerFile } from "./sticker-file.ts";

/** A GIF by its blocks. */
export function readGif(bytes: Uint8Array): StickerFile {
  const file = new Octets(bytes);
  const version = file.ascii(6);
  if (version !== "GIF87a" && version !== "GIF89a") throw malformed("no GIF");
  const size = { width: file.u16le(), height: file.u16le() };
  checkSize(size);
  skipColours(file, file.u8(), 2);
  let [frames, durationMs, delayMs] = [0, 0, shortestMs];
  for (;;) {
    const block = file.u8();
    if (block === 0x3b) break;
    if (block === 0x21) {
      const label = file.u8();
      if (label === 0xf9) delayMs = readDelay(file);
      else skipBlocks(file);
    } else if (block === 0x2c) {
      const [x, y, width, height] = [file.u16le(), file.u16le(), file.u16le(), file.u16le()];
      checkInside({ x, y, width, height }, size);
      skipColours(file, file.u8(), 0);
      file.take(1);
      if (skipBlocks(file) === 0) throw malformed("a frame without a picture");
      frames += 1;
      durationMs += delayMs;
      delayMs = shortestMs;
      if (frames > 1) checkMotion(frames, durationMs);
    } else throw malformed("a block that no GIF has");
  }
  file.end();
  if (frames === 0) throw malformed("a GIF without a picture");
  return {
    mediaType: "image/gif",
    ...size,
    durationMs: frames === 1 ? undefined : durationMs,
    frames,
  };
}

/** What programs make of a frame that is to be shown for less than two hundredths. */
const shortestMs = 100;

function readDelay(file: Octets): number {
  if (file.u8() !== 4) throw malformed("a GIF with a wrong control block");
  file.take(1);
  const hundredths = file.u16le();
  file.take(1);
  if (file.u8() !== 0) throw malformed("a GIF with a wrong control block");
  return hundredths < 2 ? shortestMs : hundredths * 10;
}

/** The table of colours that the flags announce, behind so many more octets. */
function skipColours(file: Octets, flags: number, more: number): void {
  file.take(more);
  if ((flags & 0x80) !== 0) file.take(3 << ((flags & 7) + 1));
}

/** Octets in the blocks up to an empty one. */
function skipBlocks(file: Octets): number {
  let total = 0;
  for (;;) {
    const length = file.u8();
    if (length === 0) return total;
    file.take(length);
    total += length;
  }
}
