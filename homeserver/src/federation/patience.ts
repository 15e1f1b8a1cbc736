import { LIMITS } from "@treehouse/protocol";

/** What the slowest of the newest answers took is believed of a peer that has not answered yet. */
const firstMs = 1_000;
/** An answer may take so many times as long as that, and what it asks for … */
const times = 4;
/** … and so much more, for a disk or a collector that stands still … */
const spareMs = 2_000;
/** … and the time in which so many octets come over a slow way. */
const octetsPerMs = 64;
/** How much of the slowest is remembered with each answer. */
const remembered = 0.98;

/**
 * For how long an answer of one peer is waited for before it is asked again. A connection of which one
 * side is gone stays open and silent; whoever waited the whole `peerTimeoutMs` for each answer on it
 * would stand still long after the way is well again. A peer that is slow is given the time it takes.
 */
export class Patience {
  #slowestMs = firstMs;

  answered(tookMs: number): void {
    this.#slowestMs = Math.max(tookMs, this.#slowestMs * remembered);
  }

  /** For a request of so many octets, in ms; never more than `peerTimeoutMs`. */
  msFor(octets: number): number {
    const ms = spareMs + times * this.#slowestMs + octets / octetsPerMs;
    return Math.min(LIMITS.peerTimeoutMs, Math.ceil(ms));
  }
}
