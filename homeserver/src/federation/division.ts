/** How often an item is tried that is refused alone, before it counts as rejected. */
const triesMax = 3;

/**
 * The search for what makes a peer refuse a batch as a whole (FED-946): batches are halved until one
 * item is alone with the refusal. Heads stay out of it meanwhile.
 */
export class Division {
  #itemsMax: number | undefined;
  /** The search ends when the peer has everything up to here. */
  #upTo = 0;
  #tries = 0;

  /** Items that a batch may have meanwhile; undefined if nothing is searched for. */
  get itemsMax(): number | undefined {
    return this.#itemsMax;
  }

  /**
   * A batch was refused. `again`: the same or a part of it is sent next. `later`: the same after a
   * wait, for a peer may judge wrongly for a moment. `reject`: its one item is the one.
   */
  refused(batch: {
    readonly items: number;
    readonly heads: number;
    readonly to: number;
  }): "again" | "later" | "reject" {
    if (batch.items > 1 || batch.heads > 0) {
      this.#itemsMax = Math.max(1, Math.floor(batch.items / 2));
      this.#upTo = Math.max(this.#upTo, batch.to);
      return "again";
    }
    this.#tries += 1;
    return this.#tries < triesMax ? "later" : "reject";
  }

  /** The peer has taken everything up to here. */
  taken(acked: number): void {
    this.#tries = 0;
    if (acked >= this.#upTo) this.end();
  }

  end(): void {
    this.#itemsMax = undefined;
    this.#upTo = 0;
    this.#tries = 0;
  }
}
