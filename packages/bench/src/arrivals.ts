/** Which numbered messages one receiver has, and how many of them came again. */
export class Arrivals {
  /** A bit a number: nothing else is cheap enough beside what is measured. */
  #seen = new Uint8Array(4096);
  #distinct = 0;
  #doubled = 0;

  get distinct(): number {
    return this.#distinct;
  }

  get doubled(): number {
    return this.#doubled;
  }

  /** False if it was there before. */
  note(number: number): boolean {
    const at = number >>> 3;
    const bit = 1 << (number & 7);
    if (at >= this.#seen.length) this.#grow(at);
    const byte = this.#seen[at] ?? 0;
    if ((byte & bit) !== 0) {
      this.#doubled += 1;
      return false;
    }
    this.#seen[at] = byte | bit;
    this.#distinct += 1;
    return true;
  }

  #grow(at: number): void {
    const larger = new Uint8Array(2 * (at + 1));
    larger.set(this.#seen);
    this.#seen = larger;
  }
}
