import { setImmediate as turn } from "node:timers/promises";
import type { Cancel } from "@treehouse/protocol";
import { EventHeap } from "./event-heap.ts";

/** 2026-01-01T00:00:00Z: every world begins then. */
export const WORLD_START = 1_767_225_600_000;

/**
 * Virtual time. It stands still unless a test runs it on; what needs no time (promises, `soon`,
 * answers over a network without delay) happens by itself in the turns of the real event loop.
 */
export class Scheduler {
  readonly #timers = new EventHeap();
  #now: number;
  /** What `soon` was given and has not run yet. */
  #waiting = 0;
  #running = false;
  #held = 0;
  #steps = 0;
  #failure: { readonly error: unknown } | undefined;

  constructor(start: number = WORLD_START) {
    this.#now = start;
  }

  get now(): number {
    return this.#now;
  }

  /** How many timers have run: two runs of one seed have as many. */
  get steps(): number {
    return this.#steps;
  }

  /** How many timers have not run yet. */
  get waiting(): number {
    return this.#timers.waiting;
  }

  /** False while it is held. */
  get flows(): boolean {
    return this.#held === 0;
  }

  /**
   * Lets no time pass until the work is settled: for what waits for the real world, such as files
   * that are opened. It must need no timer.
   */
  async hold<T>(work: Promise<T>): Promise<T> {
    this.#held += 1;
    try {
      return await work;
    } finally {
      this.#held -= 1;
    }
  }

  timer(delayMs: number, run: () => void): Cancel {
    const event = this.#timers.add(this.#now + (delayMs > 0 ? delayMs : 0), run);
    return () => {
      event.cancelled = true;
    };
  }

  /** In the order of the calls, in a later turn of the event loop. */
  soon(run: () => void): void {
    this.#waiting += 1;
    setImmediate(() => this.#runSoon(run));
  }

  /** Runs all that is due up to this time, in order, and stops there. */
  async run(until: number): Promise<void> {
    await this.#exclusively(async () => {
      await this.#drain();
      for (;;) {
        const next = this.#timers.peek();
        if (next === undefined || next.at > until) break;
        await this.#step();
      }
      this.#now = Math.max(this.#now, until);
    });
  }

  /** Lets time pass until the promise is settled; a fault if nothing is left that could do it. */
  async until<T>(promise: Promise<T>): Promise<T> {
    const state = { settled: false };
    const mark = (): void => {
      state.settled = true;
    };
    promise.then(mark, mark);
    await this.#exclusively(async () => {
      await this.#drain();
      while (!state.settled) {
        if (this.#timers.peek() === undefined) throw new Error("nothing is left that could run");
        await this.#step();
      }
    });
    return promise;
  }

  /** Lets everything happen that needs no time. */
  async settle(): Promise<void> {
    await this.run(this.#now);
  }

  async #step(): Promise<void> {
    const event = this.#timers.take();
    if (event === undefined) return;
    this.#now = event.at;
    this.#steps += 1;
    this.#guard(event.run);
    await this.#drain();
  }

  /**
   * One turn resolves what awaits only JavaScript; a chain through `soon` takes one each. Two quiet
   * turns in a row mean that nothing goes on without time.
   */
  async #drain(): Promise<void> {
    for (let quiet = 0; quiet < 2; quiet = this.#waiting > 0 || this.#held > 0 ? 0 : quiet + 1)
      await turn();
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure.error;
  }

  /** One a callback, as in a process: what one has resolved goes on before the next. */
  #runSoon(run: () => void): void {
    this.#waiting -= 1;
    this.#guard(run);
    const failure = this.#failure;
    if (failure === undefined || this.#running) return;
    this.#failure = undefined;
    throw failure.error;
  }

  /** One failing event does not keep the others from running; the first failure is reported. */
  #guard(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#failure ??= { error };
    }
  }

  async #exclusively(run: () => Promise<void>): Promise<void> {
    if (this.#running) throw new Error("the world is already running");
    this.#running = true;
    try {
      await run();
    } finally {
      this.#running = false;
    }
  }
}
