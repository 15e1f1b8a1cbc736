import { Refusal } from "../refusals/index.ts";
import type { Bytes } from "./bytes.ts";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const INVALID = 255;
const VALUES = new Uint8Array(128).fill(INVALID);
for (let value = 0; value < ALPHABET.length; value++) VALUES[ALPHABET.charCodeAt(value)] = value;

/** RFC 4648 §5 without padding. */
export function toBase64Url(bytes: Uint8Array): string {
  let text = "";
  for (let offset = 0; offset < bytes.length; offset += 3) {
    const [a = 0, b = 0, c = 0] = bytes.subarray(offset, offset + 3);
    const group = (a << 16) | (b << 8) | c;
    const characters = Math.min(bytes.length - offset, 3) + 1;
    for (let index = 0; index < characters; index++) {
      text += ALPHABET.charAt((group >> (18 - 6 * index)) & 63);
    }
  }
  return text;
}

/**
 * Reads RFC 4648 §5 without padding. Only the one canonical spelling of a byte string is taken
 * (unused bits zero); anything else is a Refusal "malformed".
 */
export function fromBase64Url(text: string): Bytes {
  const rest = text.length % 4;
  if (rest === 1) throw invalid();
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let pending = 0;
  let bits = 0;
  let written = 0;
  for (let index = 0; index < text.length; index++) {
    const value = VALUES[text.charCodeAt(index)] ?? INVALID;
    if (value === INVALID) throw invalid();
    pending = ((pending << 6) | value) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[written++] = (pending >> bits) & 255;
    }
  }
  if ((pending & ((1 << bits) - 1)) !== 0) throw invalid();
  return bytes;
}

function invalid(): Refusal {
  return new Refusal("malformed", "not base64url without padding");
}
