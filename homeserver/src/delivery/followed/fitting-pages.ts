import { LIMITS, Refusal } from "@treehouse/protocol";
import type { Domain } from "@treehouse/protocol";
import type { Hubs } from "../ports.ts";

/**
 * The same servers, asked for no more entries at once than the way to each may carry: half as many after
 * an answer that did not come, as it may have been too much, and twice as many after one that did. Whoever
 * asks again gets through; an answer with fewer entries than wanted is no sign that there are no more.
 */
export function inFittingPages(hubs: Hubs): Hubs {
  /** Of those that are not asked for the most. */
  const sizes = new Map<Domain, PageSize>();
  return {
    ...hubs,
    async events(peer, room, range) {
      const size = sizes.get(peer);
      const limit = Math.min(range.limit, size?.entries ?? LIMITS.eventsPerPageMax);
      try {
        const events = await hubs.events(peer, room, { ...range, limit });
        if (size?.answered() === true) sizes.delete(peer);
        return events;
      } catch (error) {
        if (error instanceof Refusal && error.code === "peerUnreachable") {
          const known = sizes.get(peer) ?? new PageSize();
          known.unanswered();
          sizes.set(peer, known);
        }
        throw error;
      }
    },
  };
}

/** More answers than this are not waited for before a larger page is tried. */
const patienceMax = 1_024;

/**
 * A size that was tried and was too much is tried again four times as late each time: some who ask need
 * everything in one go, and begin anew when a page does not come.
 */
class PageSize {
  entries: number = LIMITS.eventsPerPageMax;
  #patience = 1;
  #answersLeft = 1;
  #isTrying = false;

  /** Answers whether it is the most again. */
  answered(): boolean {
    if (this.#isTrying) this.#patience = 1;
    this.#isTrying = false;
    this.#answersLeft -= 1;
    if (this.#answersLeft > 0) return false;
    this.entries *= 2;
    this.#isTrying = true;
    this.#answersLeft = this.#patience;
    return this.entries >= LIMITS.eventsPerPageMax;
  }

  unanswered(): void {
    if (this.#isTrying) this.#patience = Math.min(patienceMax, this.#patience * 4);
    this.#isTrying = false;
    this.entries = Math.max(1, Math.floor(this.entries / 2));
    this.#answersLeft = this.#patience;
  }
}
