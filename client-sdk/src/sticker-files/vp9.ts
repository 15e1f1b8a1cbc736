import { malformed } from "@treehouse/protocol";

import { checkSize, type Size } from "./sticker-file.ts";

/**
 * The sizes that the frames of a VP9 block name, each checked: a decoder makes room by them, whatever
 * the container says.
 */
export function checkVp9(block: Uint8Array): void {
  for (const frame of framesIn(block)) checkFrame(new Bits(frame));
}

/** A block is one frame, or a superframe: several, with an index behind them. */
function framesIn(block: Uint8Array): readonly Uint8Array[] {
  const mark = block.at(-1);
  if (mark === undefined) throw malformed("a block without a frame");
  if ((mark & 0xe0) !== 0xc0) return [block];
  const [count, width] = [(mark & 7) + 1, ((mark >> 3) & 3) + 1];
  const length = 2 + count * width;
  const start = block.length - length;
  if (start < 0 || block[start] !== mark) return [block];
  const frames: Uint8Array[] = [];
  let at = 0;
  for (let index = 0; index < count; index += 1) {
    const field = block.subarray(start + 1 + index * width, start + 1 + (index + 1) * width);
    const size = field.reduceRight((sum, octet) => sum * 256 + octet, 0);
    if (size === 0 || at + size > start) throw malformed("a superframe of a wrong size");
    frames.push(block.subarray(at, at + size));
    at += size;
  }
  return frames;
}

/** Reads the beginning of a frame's uncompressed header. */
function checkFrame(bits: Bits): void {
  if (bits.read(2) !== 2) throw malformed("no VP9 frame");
  const profile = bits.read(1) + bits.read(1) * 2;
  if (profile > 1) throw malformed("a VP9 of more than eight bits");
  if (bits.read(1) === 1) return; // Shows a frame that is there already.
  const isKey = bits.read(1) === 0;
  const isShown = bits.read(1) === 1;
  const isErrorResilient = bits.read(1) === 1;
  if (isKey) {
    checkSync(bits);
    skipColours(bits, profile);
    checkSize(readSize(bits));
    return;
  }
  const isIntra = !isShown && bits.read(1) === 1;
  if (!isErrorResilient) bits.read(2);
  if (isIntra) {
    checkSync(bits);
    if (profile > 0) skipColours(bits, profile);
    bits.read(8);
    checkSize(readSize(bits));
    return;
  }
  bits.read(8 + 3 * 4);
  // Its size is that of one of three earlier frames, or its own.
  const isAsBefore = bits.read(1) === 1 || bits.read(1) === 1 || bits.read(1) === 1;
  if (!isAsBefore) checkSize(readSize(bits));
}

function checkSync(bits: Bits): void {
  if (bits.read(24) !== 0x498342) throw malformed("a VP9 frame without its mark");
}

const rgb = 7;

function skipColours(bits: Bits, profile: number): void {
  if (bits.read(3) !== rgb) {
    bits.read(1);
    if (profile === 1) bits.read(3);
  } else if (profile === 1) bits.read(1);
  else throw malformed("a VP9 of unknown colours");
}

function readSize(bits: Bits): Size {
  return { width: bits.read(16) + 1, height: bits.read(16) + 1 };
}

class Bits {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The next bits as a number, the first of them the highest. */
  read(count: number): number {
    let value = 0;
    for (let index = 0; index < count; index += 1, this.#at += 1) {
      const octet = this.#bytes[this.#at >> 3];
      if (octet === undefined) throw malformed("a frame that is cut off");
      value = value * 2 + ((octet >> (7 - (this.#at & 7))) & 1);
    }
    return value;
  }
}
