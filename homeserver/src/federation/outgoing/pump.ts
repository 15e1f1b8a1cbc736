import { equalBytes, LIMITS, NetworkFault } from "@treehouse/protocol";
import type { BatchAnswer, Cancel, SignedHead } from "@treehouse/protocol";
import { batchAnswerBytesMax, noAnswer, readBatchAnswer } from "./answer.ts";
import { reactionTo } from "./classify.ts";
import { Cleaner } from "./cleaner.ts";
import { composeBatch } from "./compose.ts";
import type { BatchBounds } from "./compose.ts";
import type { FederationContext } from "../context.ts";
import { Division } from "./division.ts";
import { encodeBatch } from "./encode-batch.ts";
import { Flight } from "./flight.ts";
import type { Pending } from "./item.ts";
import { markSent } from "./mark-sent.ts";
import { Pace } from "./pace.ts";
import type { Reach } from "./reach.ts";
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

/**
 * Sends one peer's stream: up to two batches are on their way, and what is added meanwhile rides in
 * the next. A batch that is not taken whole stops the sending until nothing is on its way; then it
 * goes on behind what the peer has. So the order holds whatever happens to a request, and each peer
 * waits for itself alone.
 */
export class Pump {
  readonly #context: FederationContext;
  readonly #stream: PeerStream;
  readonly #cleaner: Cleaner;
  readonly #rejections: Rejections;
  readonly #pace: Pace;
  readonly #division = new Division();
  readonly #flight: Flight;
  #life = 0;
  #armed = false;
  #running = false;
  /** Ends with the running step. */
  #run: Promise<void> = Promise.resolve();
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
  /** Answers are acted on one after another. */
  #settling: Promise<void> = Promise.resolve();
  #cancelHeads: Cancel | undefined;

  constructor(context: FederationContext, stream: PeerStream) {
    this.#context = context;
    this.#stream = stream;
    this.#pace = new Pace(context, stream, () => this.wake());
    this.#flight = new Flight(context.env, () => this.wake());
    this.#cleaner = new Cleaner(context, stream, (run) => this.#inOrder(run));
    this.#rejections = new Rejections(context, stream, () => this.wake());
    // Also when nothing waits: an older database that was put back shows itself by the answer.
    this.#asking = stream.newest > 0;
    this.#resumedAt = stream.acked;
  }

  get reach(): Reach {
    return this.#pace.reach;
  }

  /** Nobody answered the last batch that was tried. */
  get isUnreached(): boolean {
    return this.#pace.isUnreached;
  }

  /** Why the last batch failed, if it did. */
  get lastFault(): string | undefined {
    return this.#pace.lastFault;
  }

  get isIdle(): boolean {
    return !this.#running && !this.#armed && this.#flight.count === 0 && this.#cleaner.isIdle;
  }

  /** There may be something to send. */
  wake(): void {
    this.#woken = true;
    if (this.#armed || this.#running || this.#closed) return;
    this.#armed = true;
    this.#context.env.soon(() => {
      this.#armed = false;
      this.#run = this.#runAll();
    });
  }

  /** Starts nothing more, and waits for what the database is asked for. */
  async close(): Promise<void> {
    this.#closed = true;
    this.reach.close();
    this.#cancelHeads?.();
    this.#flight.close();
    this.#cleaner.close();
    await this.#run;
    await this.#settling;
  }

  async #runAll(): Promise<void> {
    this.#running = true;
    try {
      do this.#woken = false;
      while (!this.#closed && ((await this.#step()) || this.#woken));
    } catch (error) {
      this.#pace.failed(reactionTo(error), error);
    } finally {
      this.#running = false;
    }
  }

  /** Does one thing; answers whether there may be more to do now. */
  async #step(): Promise<boolean> {
    if (this.#draining && !this.#resume()) return false;
    if (this.reach.isWaiting || !this.#mayLeave()) return false;
    const sending = this.#asking ? this.#sending([], []) : await this.#compose();
    if (sending === "again") return true;
    if (sending === undefined) return this.#waitForHeads();
    // What was composed meanwhile may follow something that failed, or belong to another life.
    if (this.#draining || this.reach.isWaiting || sending.life !== this.#life) return true;
    void this.#deliver(sending);
    return true;
  }

  #mayLeave(): boolean {
    const { committed, sent } = this.#stream;
    const careful =
      this.#asking || this.#division.itemsMax !== undefined || this.reach.failures > 0;
    return careful ? this.#flight.count === 0 : this.#flight.admits(committed - sent);
  }

  /** Goes on behind what the peer has, once nothing is on its way any more. */
  #resume(): boolean {
    if (this.#flight.count > 0) return false;
    const stream = this.#stream;
    this.#draining = false;
    stream.sent = stream.acked;
    if (this.#stalled && stream.acked === this.#resumedAt) {
      this.#stalls += 1;
      this.#pace.later("stalled");
    } else if (stream.acked > this.#resumedAt) {
      this.#stalls = 0;
    }
    this.#stalled = false;
    this.#resumedAt = stream.acked;
    return true;
  }

  async #compose(): Promise<Sending | "again" | undefined> {
    if (this.#stalls >= stallsMax) {
      // In its turn: the cleaner must not delete meanwhile what the stream would begin with.
      await this.#inOrder(() => this.#rewound("stuck"));
      return "again";
    }
    const composed = await composeBatch(this.#context, this.#stream, this.#bounds());
    // No head is owed for what was forgotten meanwhile: its rows may go.
    if (composed === undefined) this.#cleaner.soon();
    return composed && this.#sending(composed.items, composed.heads);
  }

  #bounds(): BatchBounds {
    const { itemsMax } = this.#division;
    return {
      itemsMax: itemsMax ?? LIMITS.batchItemsMax,
      bytesMax: this.#pace.bytesMax,
      heads: itemsMax !== undefined ? "no" : this.#flight.count === 0 ? "alone" : "beside",
    };
  }

  #sending(items: readonly Pending[], heads: readonly SignedHead[]): Sending {
    const { sent, acked } = this.#stream;
    return { items, heads, to: sent + items.length, ackedBefore: acked, life: this.#life };
  }

  async #deliver(sending: Sending): Promise<void> {
    const stream = this.#stream;
    const { env, metrics, peers } = this.#context;
    this.#flight.left(sending.items.length);
    stream.sent = sending.to;
    stream.sentMost = Math.max(stream.sentMost, sending.to);
    try {
      const body = encodeBatch(stream, sending.items, sending.heads);
      const leftAt = env.monotonic();
      const answer = await peers.post(stream.domain, {
        endpoint: "notify",
        body,
        timeoutMs: this.#pace.timeoutMs(body.length),
        answerBytesMax: batchAnswerBytesMax,
      });
      this.#pace.answered(env.monotonic() - leftAt);
      metrics.batches.add();
      metrics.bytes.add(body.length);
      await this.#inOrder(() => this.#settle(sending, readBatchAnswer(answer)));
    } catch (error) {
      if (sending.life === this.#life) await this.#refused(sending, error);
    } finally {
      this.#flight.ended();
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
    if (!equalBytes(answer.incarnation, stream.incarnation)) throw noAnswer();
    const last = answer.next - 1 + stream.base;
    if (last > stream.sentMost) return this.#rewound("ours");
    // An answer may be overtaken by a later one; less than was known before it was asked is a step back.
    const setBack = last < sending.ackedBefore;
    if (setBack && last < stream.kept) return this.#rewound("theirs");
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
    this.#division.answered();
    stream.sent = stream.acked;
    this.#resumedAt = stream.acked;
  }

  #succeeded({ items, heads, to }: Sending, progress: number): void {
    const stream = this.#stream;
    const { metrics } = this.#context;
    if (progress > 0 || items.length === 0) this.#pace.succeeded();
    if (progress > 0) {
      metrics.items.add(progress);
      this.#division.taken(stream.acked);
    }
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
    env.log.error("streamRewound", { host: this.#stream.domain, reason: side });
    // Somebody who says so all the time is not answered faster than somebody who fails.
    this.#pace.later("rewound");
    await beginAnew(this.#context, this.#stream);
    this.#life += 1;
    this.#asking = false;
    this.#draining = true;
    this.#stalled = false;
    this.#stalls = 0;
    this.#division.end();
    this.#resumedAt = this.#stream.acked;
    this.#cleaner.soon();
  }

  async #refused(sending: Sending, error: unknown): Promise<void> {
    const reaction = reactionTo(error);
    this.#draining = true;
    if (reaction.kind !== "divide") {
      if (error instanceof NetworkFault && sending.items.length > 0) this.#pace.shrink();
      this.#pace.failed(reaction, error);
      return;
    }
    const { items, heads, to } = sending;
    if (items.length === 0) {
      // It can only be the heads. The next entry of each room brings another.
      for (const { head } of heads) this.#stream.owed.forget(head.room);
      if (heads.length === 0) this.#division.unanswered();
      this.#pace.later(reaction.code);
      return;
    }
    const refused = { items: items.length, heads: heads.length, to };
    const next = this.#division.refused(refused, this.#context.env.monotonic());
    if (next === "later") this.#pace.later(reaction.code);
    if (next === "ask") this.#asking = true;
    // Alone, and refused each time: it counts as rejected, and the others go on without it.
    if (next === "reject") await this.#inOrder(() => this.#reject(sending, reaction.code));
  }

  async #reject({ to }: Sending, code: string): Promise<void> {
    try {
      await this.#rejections.give(to, code);
      this.#division.end();
      this.#pace.later(code);
    } catch (error) {
      this.#pace.failed(reactionTo(error), error);
    }
  }

  /** The last entry of a burst is followed by a head even if nothing else is sent (FED-952). */
  #waitForHeads(): false {
    const { env } = this.#context;
    this.#cancelHeads?.();
    this.#cancelHeads = undefined;
    const waitMs = this.#stream.owed.dueInMs(env.monotonic());
    if (waitMs !== undefined && this.#flight.count === 0) {
      this.#cancelHeads = env.timer(waitMs, () => this.wake());
    }
    return false;
  }
}
