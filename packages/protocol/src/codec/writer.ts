import type { Bytes } from "../bytes/index.ts";
import { utf8Encode } from "../bytes/index.ts";

const U16_MAX = 0xffff;
const U32_MAX = 0xffff_ffff;
const TWO_POW_32 = 0x1_0000_0000;
/** Largest length of an MLS varint (RFC 9420 §2.1.2). */
export const VARINT_MAX = 0x3fff_ffff;

/** Octets of the varint that carries this value. */
export function varintLength(value: number): 1 | 2 | 4 {
  return value < 64 ? 1 : value < 16_384 ? 2 : 4;
}

/**
 * Appends values in the TLS presentation language to one growing buffer. A value that has no
 * encoding is a RangeError: the caller's bug, unlike anything a Reader meets.
 */
export class Writer {
  #bytes: Bytes;
  #length = 0;

  /** With the exact final size, nothing is ever copied. */
  constructor(size = 256) {
    this.#bytes = new Uint8Array(size);
  }

  get length(): number {
    return this.#length;
  }

  u8(value: number): void {
    check(value, 0xff);
    const at = this.#grow(1);
    this.#bytes[at] = value;
  }

  u16(value: number): void {
    check(value, U16_MAX);
    const at = this.#grow(2);
    this.#bytes[at] = value >>> 8;
    this.#bytes[at + 1] = value;
  }

  u32(value: number): void {
    check(value, U32_MAX);
    this.#putU32(this.#grow(4), value);
  }

  u64(value: number): void {
    check(value, Number.MAX_SAFE_INTEGER);
    const at = this.#grow(8);
    this.#putU32(at, Math.floor(value / TWO_POW_32));
    this.#putU32(at + 4, value % TWO_POW_32);
  }

  varint(value: number): void {
    check(value, VARINT_MAX);
    const size = varintLength(value);
    this.#putVarint(this.#grow(size), value, size);
  }

  /** The octets without a length. */
  raw(bytes: Uint8Array): void {
    const at = this.#grow(bytes.length);
    this.#bytes.set(bytes, at);
  }

  /** `opaque<V>`: a varint length, then the octets. */
  opaque(bytes: Uint8Array): void {
    this.varint(bytes.length);
    this.raw(bytes);
  }

  /** `opaque<V>` of a text that is known to be ASCII, such as a URI; no intermediate array. */
  ascii(text: string): void {
    const length = text.length;
    this.varint(length);
    const at = this.#grow(length);
    for (let index = 0; index < length; index++) {
      const code = text.charCodeAt(index);
      if (code > 127) throw new RangeError("not ASCII");
      this.#bytes[at + index] = code;
    }
  }

  /** `opaque<V>` of the UTF-8 of a text. */
  text(text: string): void {
    this.opaque(utf8Encode(text));
  }

  /**
   * A vector with a varint byte length: whatever the function writes is its content, of at most
   * `bytesMax` octets.
   */
  vector(writeContent: () => void, bytesMax = VARINT_MAX): void {
    const start = this.#grow(1);
    writeContent();
    const length = this.#length - start - 1;
    check(length, bytesMax);
    const size = varintLength(length);
    if (size > 1) {
      this.#grow(size - 1);
      this.#bytes.copyWithin(start + size, start + 1, start + 1 + length);
    }
    this.#putVarint(start, length, size);
  }

  /** What was written, with a buffer of its own. The writer must not be used afterwards. */
  finish(): Bytes {
    return this.#length === this.#bytes.length ? this.#bytes : this.#bytes.slice(0, this.#length);
  }

  /** A copy of what was written. The writer is empty afterwards and keeps its buffer. */
  take(): Bytes {
    const written = this.#bytes.slice(0, this.#length);
    this.#length = 0;
    return written;
  }

  /** What was written, where it lies: valid until the writer is used again. It is empty from now on. */
  lend(): Bytes {
    const written = this.#bytes.subarray(0, this.#length);
    this.#length = 0;
    return written;
  }

  /** Octets that fit without a larger buffer. */
  get capacity(): number {
    return this.#bytes.length;
  }

  /** Makes room for so many octets and gives their offset. */
  #grow(count: number): number {
    const at = this.#length;
    const length = at + count;
    if (length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(length, 2 * this.#bytes.length));
      larger.set(this.#bytes.subarray(0, at));
      this.#bytes = larger;
    }
    this.#length = length;
    return at;
  }

  #putU32(at: number, value: number): void {
    this.#bytes[at] = value >>> 24;
    this.#bytes[at + 1] = value >>> 16;
    this.#bytes[at + 2] = value >>> 8;
    this.#bytes[at + 3] = value;
  }

  #putVarint(at: number, value: number, size: 1 | 2 | 4): void {
    if (size === 4) {
      this.#putU32(at, value + 0x8000_0000);
    } else if (size === 2) {
      this.#bytes[at] = 0x40 | (value >>> 8);
      this.#bytes[at + 1] = value;
    } else {
      this.#bytes[at] = value;
    }
  }
}

function check(value: number, max: number): void {
  if (!Number.isSafeInteger(value) || value < 0 || value > max) {
    throw new RangeError(`${value} is not an integer between 0 and ${max}`);
  }
}
