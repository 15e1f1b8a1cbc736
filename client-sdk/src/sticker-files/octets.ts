import { malformed } from "@treehouse/protocol";

/** Reads a file of anybody from the front; what is not there is refused `malformed`. */
export class Octets {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Octets that were read. */
  get at(): number {
    return this.#at;
  }

  /** Octets that are left. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** The next octets, not copied. */
  take(length: number): Uint8Array {
    const start = this.#skip(length);
    return this.#bytes.subarray(start, start + length);
  }

  u8(): number {
    return this.#view.getUint8(this.#skip(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#skip(2));
  }

  u32(): number {
    return this.#view.getUint32(this.#skip(4));
  }

  u16le(): number {
    return this.#view.getUint16(this.#skip(2), true);
  }

  u24le(): number {
    return this.u16le() + this.u8() * 0x1_0000;
  }

  u32le(): number {
    return this.#view.getUint32(this.#skip(4), true);
  }

  /** Octets that are ASCII text. */
  ascii(length: number): string {
    return asciiOf(this.take(length));
  }

  /** A file ends where its format says so: nothing hides behind. */
  end(): void {
    if (this.left > 0) throw malformed("octets after the end of the file");
  }

  #skip(length: number): number {
    if (length > this.left) throw malformed("a file that is cut off");
    const start = this.#at;
    this.#at += length;
    return start;
  }
}

export function asciiOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
