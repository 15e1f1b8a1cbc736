import type { Bytes } from "@treehouse/protocol";

/**
 * A seeded random stream (sfc32). Each purpose has its own, named by a label, so that drawing more
 * for one purpose changes no other one.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  constructor(seed: number, label: string) {
    this.#a = fnv1a(label);
    this.#b = Math.floor(seed / 2 ** 32) | 0;
    this.#c = 0xb7e15162;
    this.#d = seed | 0;
    for (let round = 0; round < 15; round++) this.u32();
  }

  /** 0 to 2^32-1. */
  u32(): number {
    const sum = (this.#a + this.#b + this.#d) | 0;
    this.#d = (this.#d + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (this.#c << 21) | (this.#c >>> 11);
    this.#c = (this.#c + sum) | 0;
    return sum >>> 0;
  }

  /** At least 0, less than 1. */
  fraction(): number {
    return this.u32() / 2 ** 32;
  }

  /** Both bounds can be drawn. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.fraction() * (high - low + 1));
  }

  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  bytes(length: number): Bytes {
    const bytes = new Uint8Array(length);
    for (let index = 0; index < length; index += 4) {
      const word = this.u32();
      for (let octet = 0; octet < 4 && index + octet < length; octet++) {
        bytes[index + octet] = (word >>> (8 * octet)) & 255;
      }
    }
    return bytes;
  }
}

function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const octet of new TextEncoder().encode(text)) {
    hash = Math.imul(hash ^ octet, 0x01000193);
  }
  return hash | 0;
}
