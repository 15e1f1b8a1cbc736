import { checkStickerLimit, concatBytes, malformed, Refusal } from "@treehouse/protocol";
import { Inflate } from "fflate";

import { Octets } from "./octets.ts";

/** At most about a thousand octets come out for each that goes in: so far it can go over the limit. */
const stepBytes = 256;

/**
 * Inflates one gzip file (RFC 1952) step by step, and stops at the limit of animated stickers: no bomb is
 * ever inflated.
 */
export function gunzip(bytes: Uint8Array): Uint8Array {
  const file = new Octets(bytes);
  skipHeader(file);
  if (file.left < 8) throw malformed("a file that is cut off");
  const whole = inflate(file.take(file.left - 8));
  if (file.u32le() !== crc32(whole) || file.u32le() !== whole.length) {
    throw malformed("an animated sticker that is damaged");
  }
  return whole;
}

const flags = { headerSum: 2, extra: 4, name: 8, comment: 16 } as const;

function skipHeader(file: Octets): void {
  if (file.u16() !== 0x1f8b || file.u8() !== 8) throw malformed("no gzip");
  const set = file.u8();
  if ((set & 0xe0) !== 0) throw malformed("a gzip of an unknown form");
  file.take(6);
  if ((set & flags.extra) !== 0) file.take(file.u16le());
  for (const flag of [flags.name, flags.comment]) {
    if ((set & flag) !== 0) while (file.u8() !== 0);
  }
  if ((set & flags.headerSum) !== 0) file.take(2);
}

function inflate(body: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  let length = 0;
  const inflating = new Inflate((part) => {
    length += part.length;
    checkStickerLimit("tgsInflatedBytesMax", length, "an animated sticker, inflated,");
    parts.push(part);
  });
  try {
    for (let at = 0; at < body.length; at += stepBytes) {
      inflating.push(body.subarray(at, at + stepBytes), at + stepBytes >= body.length);
    }
  } catch (error) {
    if (error instanceof Refusal) throw error;
    const text = "an animated sticker that cannot be inflated";
    throw new Refusal("malformed", text, {}, { cause: error });
  }
  return concatBytes(...parts);
}

const table = Uint32Array.from({ length: 256 }, (_, octet) => {
  let value = octet;
  for (let bit = 0; bit < 8; bit += 1)
    value = (value & 1) === 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

function crc32(bytes: Uint8Array): number {
  let sum = 0xffffffff;
  for (const octet of bytes) sum = (table[(sum ^ octet) & 255] ?? 0) ^ (sum >>> 8);
  return (sum ^ 0xffffffff) >>> 0;
}
