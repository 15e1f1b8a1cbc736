import { LIMITS } from "@treehouse/protocol";

/** How often an item is tried that is refused alone, at least, before it counts as rejected. */
const triesMin = 3;

/**
 * The search for what makes a peer refuse a batch as a whole (FED-946): batches are halved until one
 * item is alone with the refusal. Heads stay out of it meanwhile. Whatever stands before a peer may
 * refuse everything for a while, so an item is found guilty only when time and a batch without items
 * speak against it.
 */
export class Division {
  #itemsMax: number | undefined;
  /** The search ends when the peer has everything up to here. */
  #upTo = 0;
  #tries = 0;
  /** When an item was first refused alone, by the monotonic clock. */
  #since = 0;
  /** The peer has answered a batch without items, while it refuses the one with this item. */
  #isAnswered = false;

  /** Items that a batch may have meanwhile; undefined if nothing is searched for. */
  get itemsMax(): number | undefined {
    return this.#itemsMax;
  }

  /**
   * A batch was refused. `again`: the same or a part of it is sent next. `later`: the same after a
   * wait. `ask`: a batch without items is sent next. `reject`: its one item is the one.
   */
  refused(
    batch: { readonly items: number; readonly heads: number; readonly to: number },
    now: number,
  ): "again" | "later" | "ask" | "reject" {
    if (batch.items > 1 || batch.heads > 0) {
      this.#itemsMax = Math.max(1, Math.floor(batch.items / 2));
      this.#upTo = Math.max(this.#upTo, batch.to);
      return "again";
    }
    if (this.#tries === 0) this.#since = now;
    this.#tries += 1;
    if (this.#tries < triesMin || now - this.#since < LIMITS.itemRefusedMs) return "later";
    return this.#isAnswered ? "reject" : "ask";
  }

  /** The peer has answered a batch without items. */
  answered(): void {
    this.#isAnswered = this.#tries > 0;
  }

  /** The peer refuses batches without items, too: no item is to blame. */
  unanswered(): void {
    this.#tries = 0;
    this.#isAnswered = false;
  }

  /** The peer has taken everything up to here. */
  taken(acked: number): void {
    this.unanswered();
    if (acked >= this.#upTo) this.end();
  }

  end(): void {
    this.#itemsMax = undefined;
    this.#upTo = 0;
    this.unanswered();
  }
}
