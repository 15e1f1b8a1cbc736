import { batchAnswerCodec, equalBytes, LIMITS, NetworkFault, Refusal } from "@treehouse/protocol";
import type { BatchAnswer, Cancel, SignedHead } from "@treehouse/protocol";
import { errorFields } from "../platform/index.ts";
import { reactionTo } from "./classify.ts";
import type { Reaction } from "./classify.ts";
import { Cleaner } from "./cleaner.ts";
import { composeBatch } from "./compose.ts";
import type { BatchBounds } from "./compose.ts";
import type { FederationContext } from "./context.ts";
import { encodeBatch } from "./encode-batch.ts";
import type { Pending } from "./item.ts";
import { markSent } from "./mark-sent.ts";
import { Reach } from "./reach.ts";
import { Rejections } from "./rejections.ts";
import { beginAnew } from "./renumber.ts";
import type { PeerStream } from "./stream.ts";

/** A batch on its way. */
type Sending = {
  readonly items: readonly Pending[];
  readonly heads: readonly SignedHead[];
  /** The last item; if there is none, the last that was sent before. */
  readonly to: number;
  /** What the peer was known to have when it left. */
  readonly ackedBefore: number;
  /** Names the incarnation to which its numbers belong. */
  readonly life: number;
};

/** Answers without progress after which a stream begins anew: its two sides do not agree. */
const stallsMax = 3;
/** How often an item is tried that is refused alone, before it counts as rejected. */
const triesMax = 3;
/** Failures in a row after which memory keeps nothing for the peer: it will be far behind. */
const awayAfter = 4;
/** The least length to which batches shrink that are not answered. */
const bytesMin = 64 * 1024;

/**
 * Sends one peer's stream: up to two batches are on their way, and what is added meanwhile rides in
 * the next. A batch that is not taken whole stops the sending until nothing is on its way; then it
 * goes on behind what the peer has. So the order holds whatever happens to a request, and each peer
 * waits for itself alone.
 */
export class Pump {
  readonly reach: Reach;
  readonly #context: FederationContext;
  readonly #stream: PeerStream;
  readonly #cleaner: Cleaner;
  readonly #rejections: Rejections;
  #inFlight = 0;
  #life = 0;
  #armed = false;
  #running = false;
  /** Something happened since the running step began. */
  #woken = false;
  #closed = false;
  /** What the peer has is not known: it is asked, by a batch without items. */
  #asking: boolean;
  /** Nothing more is sent before what is on its way has ended. */
  #draining = false;
  /** Some batch was answered, and not taken whole. */
  #stalled = false;
  #stalls = 0;
  /** What the peer had when sending began or went on. */
  #resumedAt: number;
  /** A batch was refused whole: how many items make one until all of it is through. */
  #divided: { readonly itemsMax: number; readonly upTo: number } | undefined;
  #tries = 0;
  /** Items up to here are to be given up, unless they were rejected and are dead already. */
  #skip = { upTo: 0, dead: false };
  #bytesMax: number = LIMITS.batchBytesMax;
  /** Answers are acted on one after another. */
  #settling: Promise<void> = Promise.resolve();
  #cancelHeads: Cancel | undefined;
  #lastFault: string | undefined;

  constructor(context: FederationContext, stream: PeerStream) {
    this.#context = context;
    this.#stream = stream;
    this.reach = new Reach(context.env, () => this.wake());
    this.#cleaner = new Cleaner(context, stream, (run) => this.#inOrder(run));
    this.#rejections = new Rejections(context, stream, () => this.wake());
    this.#asking = stream.committed > stream.kept;
    this.#resumedAt = stream.acked;
  }

  /** Why the last batch failed, if it did. */
  get lastFault(): string | undefined {
    return this.#lastFault;
  }

  get isIdle(): boolean {
    return !this.#running && !this.#armed && this.#inFlight === 0 && this.#cleaner.isIdle;
  }

  /** There may be something to send. */
  wake(): void {
    this.#woken = true;
    if (this.#armed || this.#running || this.#closed) return;
    this.#armed = true;
    this.#context.env.soon(() => {
      this.#armed = false;
      void this.#run();
    });
  }

  /** Gives up all items up to a sequence that the peer does not have yet. */
  skip(upTo: number): void {
    if (upTo <= this.#skip.upTo) return;
    this.#skip = { upTo, dead: false };
    this.wake();
  }

  /** Starts nothing more, and waits for what the database is asked for. */
  async close(): Promise<void> {
    this.#closed = true;
    this.reach.close();
    this.#cancelHeads?.();
    this.#cleaner.close();
    await this.#settling;
  }

  async #run(): Promise<void> {
    this.#running = true;
    try {
      do this.#woken = false;
      while (!this.#closed && ((await this.#step()) || this.#woken));
    } catch (error) {
      this.#failed(reactionTo(error), error);
    } finally {
      this.#running = false;
    }
  }

  /** Does one thing; answers whether there may be more to do now. */
  async #step(): Promise<boolean> {
    if (this.#draining && !this.#resume()) return false;
    if (this.#skip.upTo > this.#stream.acked) return this.#giveUp();
    if (this.reach.isWaiting || this.#inFlight >= this.#window()) return false;
    const sending = this.#asking ? this.#question() : await this.#compose();
    if (sending === "again") return true;
    if (sending === undefined) {
      this.#waitForHeads();
      return false;
    }
    // What was composed meanwhile may follow something that failed, or belong to another life.
    if (this.#draining || this.reach.isWaiting || sending.life !== this.#life) return true;
    void this.#deliver(sending);
    return true;
  }

  #window(): number {
    const careful = this.#asking || this.#divided !== undefined || this.reach.failures > 0;
    return careful ? 1 : LIMITS.peerInFlightMax;
  }

  /** Goes on behind what the peer has, once nothing is on its way any more. */
  #resume(): boolean {
    if (this.#inFlight > 0) return false;
    const stream = this.#stream;
    this.#draining = false;
    stream.sent = stream.acked;
    if (this.#stalled && stream.acked === this.#resumedAt) {
      this.#stalls += 1;
      this.#later("stalled");
    } else if (stream.acked > this.#resumedAt) {
      this.#stalls = 0;
    }
    this.#stalled = false;
    this.#resumedAt = stream.acked;
    return true;
  }

  async #giveUp(): Promise<boolean> {
    if (this.#inFlight > 0) {
      this.#draining = true;
      return false;
    }
    const { upTo, dead } = this.#skip;
    if (!dead) await this.#rejections.expire(upTo);
    await this.#beginAnew(upTo);
    return true;
  }

  #question(): Sending {
    return this.#sending([], []);
  }

  async #compose(): Promise<Sending | "again" | undefined> {
    if (this.#stalls >= stallsMax) {
      await this.#rewound("stuck");
      return "again";
    }
    const composed = await composeBatch(this.#context, this.#stream, this.#bounds());
    if (composed?.kind === "expired") {
      this.#skip = { upTo: composed.upTo, dead: false };
      return "again";
    }
    return composed && this.#sending(composed.items, composed.heads);
  }

  #bounds(): BatchBounds {
    const divided = this.#divided;
    return {
      itemsMax: divided?.itemsMax ?? LIMITS.batchItemsMax,
      bytesMax: this.#bytesMax,
      heads: divided !== undefined ? "no" : this.#inFlight === 0 ? "alone" : "beside",
    };
  }

  #sending(items: readonly Pending[], heads: readonly SignedHead[]): Sending {
    const { sent, acked } = this.#stream;
    return { items, heads, to: sent + items.length, ackedBefore: acked, life: this.#life };
  }

  async #deliver(sending: Sending): Promise<void> {
    const stream = this.#stream;
    const { metrics, peers } = this.#context;
    this.#inFlight += 1;
    stream.sent = sending.to;
    stream.sentMost = Math.max(stream.sentMost, sending.to);
    try {
      const body = encodeBatch(stream, sending.items, sending.heads);
      const answer = await peers.post(stream.domain, {
        endpoint: "notify",
        body,
        timeoutMs: LIMITS.peerTimeoutMs,
        answerBytesMax,
      });
      metrics.batches.add();
      metrics.bytes.add(body.length);
      await this.#inOrder(() => this.#settle(sending, readAnswer(answer)));
    } catch (error) {
      if (sending.life === this.#life) await this.#refused(sending, error);
    } finally {
      this.#inFlight -= 1;
      this.wake();
    }
  }

  #inOrder(run: () => Promise<void>): Promise<void> {
    const done = this.#settling.then(run);
    this.#settling = done.catch(() => {});
    return done;
  }

  /** Acts on where the peer says that it stands (FED-942, FED-943). */
  async #settle(sending: Sending, answer: BatchAnswer): Promise<void> {
    const stream = this.#stream;
    if (sending.life !== this.#life || this.#closed) return;
    if (!equalBytes(answer.incarnation, stream.incarnation)) throw answerFault();
    const last = answer.next - 1 + stream.base;
    if (last > stream.sentMost) {
      await this.#rewound("ours");
      return;
    }
    // An answer may be overtaken by a later one; less than was known before it was asked is a step back.
    const setBack = last < sending.ackedBefore;
    if (setBack && last < stream.kept) {
      await this.#rewound("theirs");
      return;
    }
    await this.#rejections.settle(answer.rejected);
    const before = stream.acked;
    stream.acked = setBack ? last : Math.max(stream.acked, last);
    stream.tail.dropUpTo(stream.acked);
    if (this.#asking) await this.#learned();
    if (last < sending.to) {
      this.#draining = true;
      this.#stalled = true;
    }
    this.#succeeded(sending, stream.acked - before);
  }

  /** The peer has told where it stands; rooms of which it lacks a head are owed one. */
  async #learned(): Promise<void> {
    const stream = this.#stream;
    await markSent(this.#context, stream);
    this.#asking = false;
    stream.sent = stream.acked;
    this.#resumedAt = stream.acked;
  }

  #succeeded({ items, heads, to }: Sending, progress: number): void {
    const stream = this.#stream;
    const { metrics } = this.#context;
    if (progress > 0 || items.length === 0) {
      this.#lastFault = undefined;
      this.#tries = 0;
      this.reach.succeeded();
      stream.away = false;
      this.#context.onReached(stream.domain, true);
    }
    if (progress > 0) {
      metrics.items.add(progress);
      this.#bytesMax = Math.min(LIMITS.batchBytesMax, this.#bytesMax * 2);
    }
    if (this.#divided !== undefined && stream.acked >= this.#divided.upTo)
      this.#divided = undefined;
    if (stream.acked >= to) {
      for (const { head } of heads) stream.owed.covered(head.room, head.position, to);
      metrics.heads.add(heads.length);
    }
    this.#cleaner.soon();
  }

  /** One side was set back, or the two cannot agree: the stream is numbered from 1 again. */
  async #rewound(side: "ours" | "theirs" | "stuck"): Promise<void> {
    const { env, metrics } = this.#context;
    metrics.rewound.add(1, { side });
    env.log.error("streamRewound", { peer: this.#stream.domain, reason: side });
    // Somebody who says so all the time is not answered faster than somebody who fails.
    this.#later("rewound");
    await this.#beginAnew(this.#stream.kept, true);
  }

  async #beginAnew(upTo: number, introduce = false): Promise<void> {
    await beginAnew(this.#context, this.#stream, upTo, introduce);
    this.#life += 1;
    this.#asking = false;
    this.#draining = true;
    this.#stalled = false;
    this.#stalls = 0;
    this.#divided = undefined;
    this.#tries = 0;
    this.#resumedAt = this.#stream.acked;
    this.#cleaner.soon();
  }

  async #refused(sending: Sending, error: unknown): Promise<void> {
    const reaction = reactionTo(error);
    this.#draining = true;
    if (reaction.kind !== "divide") {
      if (error instanceof NetworkFault && sending.items.length > 0) this.#shrink();
      this.#failed(reaction, error);
      return;
    }
    const { items, heads, to } = sending;
    if (items.length === 0) {
      // It can only be the heads. The next entry of each room brings another.
      for (const { head } of heads) this.#stream.owed.forget(head.room);
      this.#later(reaction.code);
    } else if (items.length > 1 || heads.length > 0) {
      const upTo = Math.max(this.#divided?.upTo ?? 0, to);
      this.#divided = { itemsMax: Math.max(1, Math.floor(items.length / 2)), upTo };
    } else if (this.#tries + 1 < triesMax) {
      this.#tries += 1;
      this.#later(reaction.code);
    } else {
      // Alone, and refused each time: it counts as rejected, and the others close up.
      await this.#inOrder(() => this.#reject(sending, reaction.code));
    }
  }

  async #reject({ to }: Sending, code: string): Promise<void> {
    try {
      await this.#rejections.settle([{ sequence: to - this.#stream.base, code }]);
      this.#tries = 0;
      this.#skip = { upTo: to, dead: true };
      this.#later(code);
    } catch (error) {
      this.#failed(reactionTo(error), error);
    }
  }

  #shrink(): void {
    this.#bytesMax = Math.max(bytesMin, Math.floor(this.#bytesMax / 2));
  }

  #failed(reaction: Reaction, error: unknown): void {
    if (this.#closed) return;
    if (error instanceof NetworkFault) this.#context.onReached(this.#stream.domain, false);
    if (reaction.kind === "later") {
      if (!(error instanceof Refusal) && !(error instanceof NetworkFault)) {
        this.#context.env.log.error("batchFailed", errorFields(error));
      }
      this.#later(reaction.reason, reaction.retryAfterMs);
      return;
    }
    const reason = reaction.kind === "pause" ? reaction.reason : reaction.code;
    this.reach.denied();
    this.#note(reason);
  }

  #later(reason: string, retryAfterMs?: number): void {
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

  /** The last entry of a burst is followed by a head even if nothing else is sent (FED-952). */
  #waitForHeads(): void {
    const { env } = this.#context;
    this.#cancelHeads?.();
    this.#cancelHeads = undefined;
    const waitMs = this.#stream.owed.dueInMs(env.monotonic());
    if (waitMs === undefined || this.#inFlight > 0) return;
    this.#cancelHeads = env.timer(waitMs, () => this.wake());
  }
}

/** An answer names at most `LIMITS.rejectedItemsMax` rejected items. */
const answerBytesMax = 16 + 8 + 4 + LIMITS.rejectedItemsMax * (8 + 2 + LIMITS.nameBytesMax);

function readAnswer(bytes: Uint8Array): BatchAnswer {
  try {
    return batchAnswerCodec.decode(bytes);
  } catch (error) {
    if (error instanceof Refusal) throw answerFault(error);
    throw error;
  }
}

/** What the peer sends back is no judgement of what it was sent. */
function answerFault(cause?: unknown): NetworkFault {
  return new NetworkFault("broken", "The answer is none to this batch.", { cause });
}
