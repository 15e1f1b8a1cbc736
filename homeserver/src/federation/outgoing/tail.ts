import { itemLength } from "./item.ts";
import type { Pending } from "./item.ts";

/** What all tails hold together. */
export type TailMemory = { bytes: number; readonly bytesMax: number };

/** Beside its octets an item takes about this much. */
const overheadBytes = 200;
/** Items of one tail. */
const itemsMax = 16_384;
/** Octets of one tail: as much as is on its way at once, several times over. */
const bytesMax = 8 * 1024 * 1024;

/**
 * The newest items of a stream with their octets, without a gap, so that the pump reads the
 * database only when it is behind. What does not fit goes from the oldest end.
 */
export class Tail {
  readonly #memory: TailMemory;
  /** What has gone is undefined, until the list is made shorter. */
  #items: (Pending | undefined)[] = [];
  /** Where in the list the oldest item lies. */
  #start = 0;
  #bytes = 0;

  constructor(memory: TailMemory) {
    this.#memory = memory;
  }

  get size(): number {
    return this.#items.length - this.#start;
  }

  /** Adds the newest item. One that does not follow the others takes their place. */
  push(item: Pending): void {
    const newest = this.#items.at(-1);
    if (newest !== undefined && newest.sequence + 1 !== item.sequence) this.clear();
    this.#items.push(item);
    this.#count(overheadBytes + itemLength(item));
    while (this.size > 1 && this.#isTooLarge()) this.#dropOldest();
  }

  get(sequence: number): Pending | undefined {
    const oldest = this.#items[this.#start];
    return oldest && this.#items[this.#start + sequence - oldest.sequence];
  }

  /** Lets go of the items up to a sequence. */
  dropUpTo(sequence: number): void {
    for (;;) {
      const oldest = this.#items[this.#start];
      if (oldest === undefined || oldest.sequence > sequence) return;
      this.#dropOldest();
    }
  }

  clear(): void {
    this.#count(-this.#bytes);
    this.#items = [];
    this.#start = 0;
  }

  #isTooLarge(): boolean {
    const { bytes, bytesMax: allMax } = this.#memory;
    return this.size > itemsMax || this.#bytes > bytesMax || bytes > allMax;
  }

  #dropOldest(): void {
    const oldest = this.#items[this.#start];
    if (oldest === undefined) return;
    this.#count(-(overheadBytes + itemLength(oldest)));
    this.#items[this.#start] = undefined;
    this.#start += 1;
    if (this.#start === this.#items.length) {
      this.#items = [];
      this.#start = 0;
    } else if (this.#start >= 1024 && this.#start * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#start);
      this.#start = 0;
    }
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    this.#memory.bytes += bytes;
  }
}
