import { LIMITS } from "@treehouse/protocol";
import type { Cancel, Env } from "@treehouse/protocol";

/** A peer that answers within this time is waited for. */
const answeredSoonMs = 10;

/**
 * Whether another batch may leave while one is on its way (FED-944). A peer that is near answers
 * before a second batch would have filled: what comes meanwhile makes the next one larger, and the
 * signature, the request and the commit that each batch costs are shared by more items. A peer that
 * is far is sent a second batch, so that nothing waits for a whole round trip.
 */
export class Flight {
  readonly #env: Pick<Env, "monotonic" | "timer">;
  readonly #wake: () => void;
  #count = 0;
  #lastAt = 0;
  #cancel: Cancel | undefined;

  /** `wake` is called when a batch that was held back may leave. */
  constructor(env: Pick<Env, "monotonic" | "timer">, wake: () => void) {
    this.#env = env;
    this.#wake = wake;
  }

  /** Batches that have left and are not answered. */
  get count(): number {
    return this.#count;
  }

  left(): void {
    this.#count += 1;
    this.#lastAt = this.#env.monotonic();
  }

  ended(): void {
    this.#count -= 1;
    this.close();
  }

  /** `waiting` items have not left yet. */
  admits(waiting: number): boolean {
    if (this.#count === 0) return true;
    if (this.#count >= LIMITS.peerInFlightMax) return false;
    const waitMs = this.#lastAt + answeredSoonMs - this.#env.monotonic();
    if (waiting >= LIMITS.batchItemsMax || waitMs <= 0) return true;
    this.#cancel ??= this.#env.timer(Math.ceil(waitMs), () => {
      this.#cancel = undefined;
      this.#wake();
    });
    return false;
  }

  close(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
