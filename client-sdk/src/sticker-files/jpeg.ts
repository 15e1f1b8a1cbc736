import { checkStickerLimit, malformed } from "@treehouse/protocol";

import { Octets } from "./octets.ts";
import { checkSize, type Size, type StickerFile } from "./sticker-file.ts";

/** A JPEG by its segments: baseline or progressive, eight bits deep. */
export function readJpeg(bytes: Uint8Array): StickerFile {
  const file = new Octets(bytes);
  file.take(2);
  let size: Size | undefined;
  let scans = 0;
  let marker = nextMarker(file);
  for (;;) {
    if (marker === 0xd9) break;
    if (marker < 0xc0 || (marker >= 0xd0 && marker <= 0xd8)) throw malformed("a wrong segment");
    const length = file.u16();
    if (length < 2) throw malformed("a segment that is too short");
    const segment = file.take(length - 2);
    if (marker === 0xda) {
      if (size === undefined) throw malformed("a picture before its size");
      scans += 1;
      checkStickerLimit("jpegScansMax", scans, "the number of scans");
      marker = afterScan(file);
      continue;
    }
    if (frames.includes(marker)) {
      if (size !== undefined) throw malformed("a JPEG with two sizes");
      if (marker > 0xc2) throw malformed("a JPEG of a kind that few programs show");
      size = sizeIn(new Octets(segment));
    }
    marker = nextMarker(file);
  }
  file.end();
  if (size === undefined || scans === 0) throw malformed("a JPEG without a picture");
  return { mediaType: "image/jpeg", ...size, durationMs: undefined, frames: 1 };
}

/** The markers that begin a frame (SOF), whatever its coding. */
const frames: readonly number[] = [
  0xc0, 0xc1, 0xc2, 0xc3, 0xc5, 0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf,
];

function sizeIn(segment: Octets): Size {
  if (segment.u8() !== 8) throw malformed("a JPEG that is not eight bits deep");
  const [height, width] = [segment.u16(), segment.u16()];
  const components = segment.u8();
  if (components !== 1 && components !== 3) throw malformed("a JPEG of unknown colours");
  if (segment.left !== 3 * components) throw malformed("a JPEG of unknown colours");
  checkSize({ width, height });
  return { width, height };
}

function nextMarker(file: Octets): number {
  if (file.u8() !== 0xff) throw malformed("no JPEG");
  let marker = file.u8();
  while (marker === 0xff) marker = file.u8();
  return marker;
}

/** Passes over a scan's octets; answers the marker behind it. */
function afterScan(file: Octets): number {
  for (;;) {
    if (file.u8() !== 0xff) continue;
    let marker = file.u8();
    while (marker === 0xff) marker = file.u8();
    const isData = marker === 0 || (marker >= 0xd0 && marker <= 0xd7);
    if (!isData) return marker;
  }
}
