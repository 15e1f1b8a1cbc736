import { Refusal } from "../refusals/index.ts";
import { KIB } from "../units.ts";

const smallest = 4 * KIB;
const step = 64 * KIB;
const lengthOctets = 4;

/**
 * The length to which content is padded before it is sealed: a power of two from 4 KiB to 64 KiB, and
 * a multiple of 64 KiB beyond. Nothing is compressed before (FED-1062, T-11).
 */
export function paddedLength(length: number): number {
  const needed = length + lengthOctets;
  if (needed > step) return Math.ceil(needed / step) * step;
  return Math.max(smallest, 2 ** Math.ceil(Math.log2(needed)));
}

/** The content behind its length as `u32`, and zeros up to `paddedLength`. */
export function pad(content: Uint8Array): Uint8Array<ArrayBuffer> {
  const padded = new Uint8Array(paddedLength(content.length));
  new DataView(padded.buffer).setUint32(0, content.length);
  padded.set(content, lengthOctets);
  return padded;
}

/** The content of what `pad` made. Refuses `malformed` for anything else. */
export function unpad(padded: Uint8Array): Uint8Array<ArrayBuffer> {
  const view = new DataView(padded.buffer, padded.byteOffset, padded.byteLength);
  const length = padded.length < lengthOctets ? -1 : view.getUint32(0);
  const end = lengthOctets + length;
  const isRight =
    length >= 0 &&
    paddedLength(length) === padded.length &&
    padded.subarray(end).every((octet) => octet === 0);
  if (!isRight) throw new Refusal("malformed", "padding that is none");
  return new Uint8Array(padded.subarray(lengthOctets, end));
}
