/** So many at once, and so many who wait for their turn. */
export class Slots {
  readonly #atOnceMax: number;
  readonly #waitingMax: number;
  readonly #waiting: (() => void)[] = [];
  #taken = 0;

  constructor(atOnceMax: number, waitingMax: number) {
    this.#atOnceMax = atOnceMax;
    this.#waitingMax = waitingMax;
  }

  get isIdle(): boolean {
    return this.#taken === 0 && this.#waiting.length === 0;
  }

  get isFull(): boolean {
    return this.#taken >= this.#atOnceMax && this.#waiting.length >= this.#waitingMax;
  }

  /** Runs something once a slot is free, in the order of the calls. */
  async use<T>(run: () => Promise<T>): Promise<T> {
    if (this.#taken >= this.#atOnceMax) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#taken += 1;
    }
    try {
      return await run();
    } finally {
      // A slot goes straight to the next in the row.
      const next = this.#waiting.shift();
      if (next === undefined) this.#taken -= 1;
      else next();
    }
  }
}
