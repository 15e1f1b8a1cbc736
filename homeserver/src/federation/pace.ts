import { LIMITS, NetworkFault, Refusal } from "@treehouse/protocol";
import { errorFields } from "../platform/index.ts";
import type { Reaction } from "./classify.ts";
import type { FederationContext } from "./context.ts";
import { Reach } from "./reach.ts";
import type { PeerStream } from "./stream.ts";

/** Failures in a row after which memory keeps nothing for the peer: it will be far behind. */
const awayAfter = 4;
/** The least length to which batches shrink that are not answered. */
const bytesMin = 64 * 1024;

/** How fast a stream may be sent: when its peer is turned to again, and with how much at once. */
export class Pace {
  readonly reach: Reach;
  readonly #context: FederationContext;
  readonly #stream: PeerStream;
  #bytesMax: number = LIMITS.batchBytesMax;
  #lastFault: string | undefined;

  constructor(context: FederationContext, stream: PeerStream, onReady: () => void) {
    this.reach = new Reach(context.env, onReady);
    this.#context = context;
    this.#stream = stream;
  }

  /** Octets of one batch. */
  get bytesMax(): number {
    return this.#bytesMax;
  }

  /** Why the last batch failed, if it did. */
  get lastFault(): string | undefined {
    return this.#lastFault;
  }

  succeeded(): void {
    this.#lastFault = undefined;
    this.#bytesMax = Math.min(LIMITS.batchBytesMax, this.#bytesMax * 2);
    this.reach.succeeded();
    this.#stream.away = false;
    this.#context.onReached(this.#stream.domain, true);
  }

  /** What was not answered in time may have been too much for the way. */
  shrink(): void {
    this.#bytesMax = Math.max(bytesMin, Math.floor(this.#bytesMax / 2));
  }

  failed(reaction: Reaction, error: unknown): void {
    const unreached = error instanceof NetworkFault;
    if (unreached) this.#context.onReached(this.#stream.domain, false);
    if (!unreached && !(error instanceof Refusal)) {
      this.#context.env.log.error("batchFailed", errorFields(error));
    }
    if (reaction.kind === "later") {
      this.later(reaction.reason, reaction.retryAfterMs);
      return;
    }
    this.reach.denied();
    this.#note(reaction.kind === "pause" ? reaction.reason : reaction.code);
  }

  later(reason: string, retryAfterMs?: number): void {
    this.reach.failed(retryAfterMs);
    this.#note(reason);
  }

  #note(reason: string): void {
    this.#lastFault = reason;
    this.#context.metrics.retries.add(1, { reason });
    if (this.reach.failures < awayAfter || this.#stream.away) return;
    this.#stream.away = true;
    this.#stream.tail.clear();
  }
}
