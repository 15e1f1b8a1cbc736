import { setImmediate as turn } from "node:timers/promises";
import { VirtualClock } from "../streams/virtual-clock.ts";

/** Turns of the event loop in which nothing happens, before time goes on. */
const quietTurns = 150;
const stepMs = 50;

/**
 * A clock for servers and clients that talk over real sockets: its time passes only while nothing
 * happens, so that it counts what is waited for, and nothing of what the machine needs.
 */
export class PacedClock extends VirtualClock {
  #happened = 0;

  /** Something moved: the clock stands for a while. */
  readonly note = (): void => {
    this.#happened += 1;
  };

  /** Lets time pass until the promise is settled. */
  async until<T>(promise: Promise<T>): Promise<T> {
    const state = { settled: false };
    const mark = (): void => {
      state.settled = true;
    };
    promise.then(mark, mark);
    while (!state.settled) {
      await this.#quiet(() => state.settled);
      if (!state.settled) this.advance(stepMs);
    }
    return promise;
  }

  /** Lets so much time pass, and whatever happens in it. */
  async pass(ms: number, by: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += by) {
      this.advance(by);
      await this.#quiet(() => false);
    }
  }

  async #quiet(over: () => boolean): Promise<void> {
    let seen = this.#happened;
    for (let turns = 0; turns < quietTurns && !over(); turns += 1) {
      await turn();
      if (seen !== this.#happened) [seen, turns] = [this.#happened, 0];
    }
  }
}
