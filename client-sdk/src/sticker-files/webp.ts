import { malformed } from "@treehouse/protocol";

import { Octets } from "./octets.ts";
import {
  checkInside,
  checkMotion,
  checkSize,
  type Size,
  type StickerFile,
} from "./sticker-file.ts";

type Chunk = { readonly type: string; readonly content: Uint8Array };

/**
 * A WebP by its chunks, still or moving. The sizes that its container names are compared with those
 * in the pictures, for a decoder goes by the latter.
 */
export function readWebp(bytes: Uint8Array): StickerFile {
  const file = new Octets(bytes);
  file.take(4);
  const length = file.u32le();
  if (length !== file.left) throw malformed("a WebP of another length than it says");
  if (file.ascii(4) !== "WEBP") throw malformed("no WebP");
  const [first, ...others] = chunksIn(file);
  if (first === undefined) throw malformed("a WebP without a picture");
  if (first.type !== "VP8X") {
    if (others.length > 0) throw malformed("a simple WebP with more than a picture");
    return still(pictureSize(first));
  }
  return readExtended(new Octets(first.content), others);
}

function still(size: Size): StickerFile {
  checkSize(size);
  return { mediaType: "image/webp", ...size, durationMs: undefined, frames: 1 };
}

const animated = 0x02;

function readExtended(header: Octets, chunks: readonly Chunk[]): StickerFile {
  const flags = header.u8();
  header.take(3);
  const canvas = { width: header.u24le() + 1, height: header.u24le() + 1 };
  checkSize(canvas);
  const frameChunks = chunks.filter(({ type }) => type === "ANMF");
  const pictures = chunks.filter(isPicture);
  if (chunks.some(({ type }) => type === "VP8X")) throw malformed("a WebP with two headers");
  if ((flags & animated) === 0) {
    const [picture, another] = pictures;
    if (picture === undefined || another !== undefined || frameChunks.length > 0) {
      throw malformed("a still WebP that has not one picture");
    }
    if (!sameSize(pictureSize(picture), canvas)) throw malformed("a WebP of two sizes");
    return still(canvas);
  }
  if (pictures.length > 0 || frameChunks.length === 0) {
    throw malformed("a moving WebP whose frames are not frames");
  }
  let durationMs = 0;
  for (const [index, { content }] of frameChunks.entries()) {
    durationMs += readFrame(new Octets(content), canvas);
    checkMotion(index + 1, durationMs);
  }
  return { mediaType: "image/webp", ...canvas, durationMs, frames: frameChunks.length };
}

/** Milliseconds that a frame is shown for. */
function readFrame(frame: Octets, canvas: Size): number {
  const [x, y] = [frame.u24le() * 2, frame.u24le() * 2];
  const size = { width: frame.u24le() + 1, height: frame.u24le() + 1 };
  checkInside({ x, y, ...size }, canvas);
  const duration = frame.u24le();
  frame.take(1);
  const [picture, another] = chunksIn(frame).filter(isPicture);
  if (picture === undefined || another !== undefined) {
    throw malformed("a frame that has not one picture");
  }
  if (!sameSize(pictureSize(picture), size)) throw malformed("a frame of two sizes");
  return duration;
}

function chunksIn(file: Octets): readonly Chunk[] {
  const chunks: Chunk[] = [];
  while (file.left > 0) {
    const type = file.ascii(4);
    const length = file.u32le();
    chunks.push({ type, content: file.take(length) });
    if (length % 2 === 1) file.take(1);
  }
  return chunks;
}

function isPicture({ type }: Chunk): boolean {
  return type === "VP8 " || type === "VP8L";
}

/** The size in the picture's own octets. */
function pictureSize({ type, content }: Chunk): Size {
  const picture = new Octets(content);
  if (type === "VP8L") {
    if (picture.u8() !== 0x2f) throw malformed("a picture without its mark");
    const bits = picture.u32le();
    if (bits >>> 29 !== 0) throw malformed("a picture of a later version");
    return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
  }
  if (type !== "VP8 ") throw malformed("a WebP that does not begin with its picture");
  if ((picture.u24le() & 1) !== 0) throw malformed("a picture that is no key frame");
  if (picture.u24le() !== 0x2a019d) throw malformed("a picture without its mark");
  return { width: picture.u16le() & 0x3fff, height: picture.u16le() & 0x3fff };
}

function sameSize(one: Size, other: Size): boolean {
  return one.width === other.width && one.height === other.height;
}
