/** Something that happens at a time; among equal times the one that was added first comes first. */
export interface TimedEvent {
  readonly at: number;
  readonly serial: number;
  readonly run: () => void;
  cancelled: boolean;
}

/** A binary heap by (time, serial). */
export class EventHeap {
  readonly #events: TimedEvent[] = [];
  #serial = 0;

  add(at: number, run: () => void): TimedEvent {
    const event = { at, serial: this.#serial++, run, cancelled: false };
    let index = this.#events.push(event) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#swapIfBefore(index, parent)) break;
      index = parent;
    }
    return event;
  }

  /** How many are to come. */
  get waiting(): number {
    return this.#events.filter(({ cancelled }) => !cancelled).length;
  }

  /** The next event, without taking it; cancelled ones are dropped on the way. */
  peek(): TimedEvent | undefined {
    while (this.#events[0]?.cancelled === true) this.#removeFirst();
    return this.#events[0];
  }

  take(): TimedEvent | undefined {
    const first = this.peek();
    if (first !== undefined) this.#removeFirst();
    return first;
  }

  #removeFirst(): void {
    const last = this.#events.pop();
    if (last === undefined || this.#events.length === 0) return;
    this.#events[0] = last;
    for (let index = 0; ;) {
      const [left, right] = [2 * index + 1, 2 * index + 2];
      const child = this.#isBefore(right, left) ? right : left;
      if (!this.#swapIfBefore(child, index)) return;
      index = child;
    }
  }

  #swapIfBefore(index: number, other: number): boolean {
    const [event, held] = [this.#events[index], this.#events[other]];
    if (event === undefined || held === undefined || !this.#isBefore(index, other)) return false;
    this.#events[index] = held;
    this.#events[other] = event;
    return true;
  }

  #isBefore(index: number, other: number): boolean {
    const [a, b] = [this.#events[index], this.#events[other]];
    if (a === undefined || b === undefined) return false;
    return a.at < b.at || (a.at === b.at && a.serial < b.serial);
  }
}
