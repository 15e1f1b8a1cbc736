import { LIMITS } from "@treehouse/protocol";
import type { Domain } from "@treehouse/protocol";

/**
 * How many entries a hub is asked for at once: half as many after an answer that did not come, as it may
 * have been too much for the way, and twice as many after one that did.
 */
export class PageSizes {
  /** Of those that are not the most. */
  readonly #sizes = new Map<Domain, number>();

  of(hub: Domain): number {
    return this.#sizes.get(hub) ?? LIMITS.eventsPerPageMax;
  }

  answered(hub: Domain): void {
    const size = this.of(hub) * 2;
    if (size < LIMITS.eventsPerPageMax) this.#sizes.set(hub, size);
    else this.#sizes.delete(hub);
  }

  unanswered(hub: Domain): void {
    this.#sizes.set(hub, Math.max(1, Math.floor(this.of(hub) / 2)));
  }
}
