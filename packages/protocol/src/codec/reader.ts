import type { Bytes } from "../bytes/index.ts";
import { copyBytes, utf8Decode } from "../bytes/index.ts";
import { Refusal } from "../refusals/index.ts";

const TWO_POW_32 = 0x1_0000_0000;
const U53_HIGH_MAX = 0x1f_ffff;
const asciiDecoder = new TextDecoder();

/** How a Reader hands out byte strings. */
export type Sharing = "copied" | "sliced";

/**
 * Reads values of the TLS presentation language strictly. Whatever the octets are, the only error
 * is a Refusal "malformed"; nothing is allocated beyond the input's own length.
 *
 * Byte strings are copies, or with "sliced" views of the input: cheaper, but they keep the whole
 * input alive and change with it, so the input must be left alone from then on.
 */
export class Reader {
  readonly #bytes: Bytes;
  readonly #copies: boolean;
  #offset = 0;
  #end: number;

  constructor(bytes: Uint8Array, sharing: Sharing = "copied") {
    this.#bytes = plain(bytes);
    this.#copies = sharing === "copied";
    this.#end = bytes.length;
  }

  get offset(): number {
    return this.#offset;
  }

  /** Octets before the end of the input, or of the vector that is being read. */
  get remaining(): number {
    return this.#end - this.#offset;
  }

  u8(): number {
    return this.#octet(this.#take(1));
  }

  u16(): number {
    const at = this.#take(2);
    return (this.#octet(at) << 8) | this.#octet(at + 1);
  }

  u32(): number {
    return this.#u32(this.#take(4));
  }

  /** Values over 2^53-1 are refused: numbers of ours are safe integers. */
  u64(): number {
    const at = this.#take(8);
    const high = this.#u32(at);
    if (high > U53_HIGH_MAX) throw malformed("an integer over 2^53-1");
    return high * TWO_POW_32 + this.#u32(at + 4);
  }

  /** A length of RFC 9420 §2.1.2; only its minimal form is taken. */
  varint(): number {
    const first = this.u8();
    const prefix = first >>> 6;
    if (prefix === 0) return first;
    if (prefix === 3) throw malformed("an invalid length prefix");
    const size = prefix === 1 ? 1 : 3;
    const at = this.#take(size);
    let value = first & 0x3f;
    for (let index = 0; index < size; index++) value = value * 256 + this.#octet(at + index);
    if (value < (prefix === 1 ? 64 : 16_384)) throw malformed("a length that is not minimal");
    return value;
  }

  /** So many octets without a length. */
  raw(length: number): Bytes {
    const at = this.#take(length);
    const view = new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset + at, length);
    return this.#copies ? view.slice() : view;
  }

  /** `opaque<V>` of at most (and at least) so many octets. */
  opaque(max: number, min = 0): Bytes {
    return this.raw(this.#length(max, min));
  }

  /** `opaque<V>` holding ASCII without control characters, such as a URI. */
  ascii(max: number): string {
    const length = this.#length(max, 0);
    const at = this.#take(length);
    for (let index = at; index < at + length; index++) {
      const octet = this.#octet(index);
      if (octet < 0x20 || octet > 0x7e) throw malformed("not printable ASCII");
    }
    // At once: a text put together letter by letter is one more object for each of them.
    return asciiDecoder.decode(this.#bytes.subarray(at, at + length));
  }

  /** `opaque<V>` holding UTF-8 without NUL. */
  text(max: number): string {
    const length = this.#length(max, 0);
    const at = this.#take(length);
    const text = utf8Decode(this.#bytes.subarray(at, at + length));
    if (text.includes("\0")) throw malformed("a text with NUL");
    return text;
  }

  /** Passes over an `opaque<V>` and gives its length. */
  skipOpaque(max: number): number {
    const length = this.#length(max, 0);
    this.#take(length);
    return length;
  }

  /**
   * A vector with a varint byte length: calls the function until its content is used up. An
   * element can neither reach beyond the vector nor be empty.
   */
  vector<T>(readElement: () => T, bounds: { bytesMax?: number; countMax?: number } = {}): T[] {
    const length = this.#length(bounds.bytesMax ?? Number.MAX_SAFE_INTEGER, 0);
    const countMax = bounds.countMax ?? Number.MAX_SAFE_INTEGER;
    const outerEnd = this.#end;
    this.#end = this.#offset + length;
    const elements: T[] = [];
    while (this.#offset < this.#end) {
      if (elements.length >= countMax) throw malformed(`more than ${countMax} elements`);
      const before = this.#offset;
      elements.push(readElement());
      if (this.#offset === before) throw new TypeError("a codec that reads nothing");
    }
    this.#end = outerEnd;
    // An array that was pushed to keeps places for more, which nobody needs where much is kept.
    return elements.slice();
  }

  /** Octets after the last field are an error. */
  finish(): void {
    if (this.#offset !== this.#end) throw malformed(`${this.remaining} octets too many`);
  }

  #length(max: number, min: number): number {
    const length = this.varint();
    if (length > this.remaining) throw malformed("truncated");
    if (length > max) throw new Refusal("malformed", `longer than ${max} octets`, { limit: max });
    if (length < min) throw malformed(`shorter than ${min} octets`);
    return length;
  }

  #take(count: number): number {
    const at = this.#offset;
    if (count > this.#end - at) throw malformed("truncated");
    this.#offset = at + count;
    return at;
  }

  #u32(at: number): number {
    const low = (this.#octet(at + 1) << 16) | (this.#octet(at + 2) << 8) | this.#octet(at + 3);
    return this.#octet(at) * 0x100_0000 + low;
  }

  #octet(at: number): number {
    return this.#bytes[at] ?? 0;
  }
}

/** The refusal of every decoder. */
export function malformed(message: string): Refusal<"malformed"> {
  return new Refusal("malformed", message);
}

function plain(bytes: Uint8Array): Bytes {
  const { buffer, byteOffset, byteLength } = bytes;
  return buffer instanceof ArrayBuffer
    ? new Uint8Array(buffer, byteOffset, byteLength)
    : copyBytes(bytes);
}
