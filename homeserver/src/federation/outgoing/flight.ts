import { LIMITS } from "@treehouse/protocol";
import type { Cancel, Env } from "@treehouse/protocol";

/** A peer that answers within this time is waited for. */
const answeredSoonMs = 10;
/** Who was sent so many items at once is busy, as this server is … */
const manyItems = 24;
/** … and the next batch may gather for so long since the last one left … */
const gatherMs = 20;
/** … unless so many wait: what a batch costs is shared by enough of them then. */
const enoughItems = 128;

/**
 * Whether another batch may leave now (FED-944). What each batch costs, which is two signatures, a
 * request and a commit, is shared by its items; so under load there shall be many, and at rest
 * nobody shall wait for company.
 *
 * A peer that is near answers before a second batch would have filled: what comes meanwhile makes the
 * next one larger. A peer that is far is sent a second batch, so that nothing waits for a whole round
 * trip. And behind a batch that was large the next one is given a little time to become so: not
 * longer than the items of a busy server wait for its core anyway.
 */
export class Flight {
  readonly #env: Pick<Env, "monotonic" | "timer">;
  readonly #wake: () => void;
  #count = 0;
  #lastAt = 0;
  #lastItems = 0;
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

  /** A batch of so many items has left. */
  left(items: number): void {
    this.close();
    this.#count += 1;
    this.#lastItems = items;
    this.#lastAt = this.#env.monotonic();
  }

  ended(): void {
    this.#count -= 1;
    this.close();
  }

  /** `waiting` items have not left yet. */
  admits(waiting: number): boolean {
    if (this.#count >= LIMITS.peerInFlightMax) return false;
    const waitMs = this.#lastAt + this.#heldMs(waiting) - this.#env.monotonic();
    if (waitMs <= 0) return true;
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

  /** For how long after the last batch the next one is held back. */
  #heldMs(waiting: number): number {
    if (this.#count > 0) return waiting >= LIMITS.batchItemsMax ? 0 : answeredSoonMs;
    return this.#lastItems >= manyItems && waiting < enoughItems ? gatherMs : 0;
  }
}
