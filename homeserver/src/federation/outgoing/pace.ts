import { LIMITS, NetworkFault, Refusal } from "@treehouse/protocol";
import { errorFields } from "../../platform/index.ts";
import type { Reaction } from "./classify.ts";
import type { FederationContext } from "../context.ts";
import { Patience } from "../patience.ts";
import { Reach } from "./reach.ts";
import type { PeerStream } from "./stream.ts";

/** Failures in a row after which memory keeps nothing for the peer: it will be far behind. */
const awayAfter = 4;
/** Until a batch is given up after another had failed. */
const tryTimeoutMs = 4_000;
/** The least length to which batches shrink that are not answered. */
const bytesMin = 16 * 1024;

/** How fast a stream may be sent: when its peer is turned to again, and with how much at once. */
export class Pace {
  readonly reach: Reach;
  readonly #context: FederationContext;
  readonly #stream: PeerStream;
  readonly #patience = new Patience();
  #bytesMax: number = LIMITS.batchBytesMax;
  #lastFault: string | undefined;
  #isUnreached = false;

  constructor(context: FederationContext, stream: PeerStream, onReady: () => void) {
    this.reach = new Reach(context.env, onReady);
    this.#context = context;
    this.#stream = stream;
  }

  /** Octets of one batch. */
  get bytesMax(): number {
    return this.#bytesMax;
  }

  /**
   * Until a batch of so many octets must be answered. A way that is broken is tried often rather than
   * long, or it would be found healed only when the last attempt has timed out; now and then a slow peer
   * has its chance.
   */
  timeoutMs(octets: number): number {
    const { failures } = this.reach;
    if (failures === 0) return this.#patience.msFor(octets);
    return failures % 5 === 0 ? LIMITS.peerTimeoutMs : tryTimeoutMs;
  }

  /** A batch was answered, so many ms after it had left. */
  answered(tookMs: number): void {
    this.#patience.answered(tookMs);
  }

  /** Why the last batch failed, if it did. */
  get lastFault(): string | undefined {
    return this.#lastFault;
  }

  /** Nobody answered the last batch that was tried. */
  get isUnreached(): boolean {
    return this.#isUnreached;
  }

  succeeded(): void {
    this.#isUnreached = false;
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
    this.#isUnreached = unreached;
    if (unreached) this.#context.onReached(this.#stream.domain, false);
    if (!unreached && !(error instanceof Refusal)) {
      this.#context.env.log.error("batchFailed", errorFields(error));
    }
    if (reaction.kind === "later") {
      this.reach.failed({ ...reaction, unreached, unknown: !this.#stream.wasReached });
      this.#note(reaction.reason);
      return;
    }
    this.reach.denied();
    this.#note(reaction.kind === "pause" ? reaction.reason : reaction.code);
  }

  later(reason: string): void {
    this.reach.failed();
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
