import type { Cancel, Env } from "@treehouse/protocol";

/** Time that moves only when a test says so; timers fire as it passes them. */
export class VirtualClock {
  #now = Date.parse("2026-01-01T00:00:00Z");
  #timers = new Map<object, { readonly at: number; readonly run: () => void }>();

  /** The environment with this clock in place of the real one. */
  over<E extends Env>(env: E): E {
    return {
      ...env,
      now: () => this.#now,
      monotonic: () => this.#now,
      timer: (delayMs: number, run: () => void) => this.#timer(delayMs, run),
    };
  }

  now(): number {
    return this.#now;
  }

  /** Lets time pass, timer by timer in the order in which they are due. */
  advance(ms: number): void {
    const until = this.#now + ms;
    for (;;) {
      const [due] = [...this.#timers]
        .filter(([, timer]) => timer.at <= until)
        .toSorted(([, a], [, b]) => a.at - b.at);
      if (due === undefined) break;
      const [key, { at, run }] = due;
      this.#timers.delete(key);
      this.#now = Math.max(this.#now, at);
      run();
    }
    this.#now = until;
  }

  #timer(delayMs: number, run: () => void): Cancel {
    const key = {};
    this.#timers.set(key, { at: this.#now + delayMs, run });
    return () => this.#timers.delete(key);
  }
}
