import type { Cancel } from "@treehouse/protocol";
import { errorFields } from "../../platform/index.ts";
import type { FederationContext } from "../context.ts";
import type { PeerStream } from "./stream.ts";

/** From an answer to the deletion of what it confirmed, so that many share one deletion … */
const intervalMs = 1_000;
/** … unless there are so many … */
const rowsDue = 4_096;
/** … and in transactions of at most so many, which take a few milliseconds. */
const rowsMax = 8_192;

/**
 * Deletes the rows of one stream that the peer has, and that a head covers: a row that is still
 * there after a crash is how the server knows which heads it owes.
 */
export class Cleaner {
  readonly #context: FederationContext;
  readonly #stream: PeerStream;
  /** Runs something when no answer is being acted on, so that `acked` stays as it is meanwhile. */
  readonly #inOrder: (run: () => Promise<void>) => Promise<void>;
  #cancel: Cancel | undefined;
  #running = false;
  #closed = false;

  constructor(
    context: FederationContext,
    stream: PeerStream,
    inOrder: (run: () => Promise<void>) => Promise<void>,
  ) {
    this.#context = context;
    this.#stream = stream;
    this.#inOrder = inOrder;
  }

  get isIdle(): boolean {
    return this.#cancel === undefined && !this.#running;
  }

  soon(): void {
    if (this.#running || this.#closed) return;
    const rows = this.#upTo() - this.#stream.deleted;
    if (rows >= rowsDue) {
      this.#cancel?.();
      this.#cancel = undefined;
      void this.#run();
    } else if (rows > 0) {
      this.#cancel ??= this.#context.env.timer(intervalMs, () => {
        this.#cancel = undefined;
        void this.#run();
      });
    }
  }

  close(): void {
    this.#closed = true;
    this.#cancel?.();
  }

  #upTo(): number {
    const { kept, acked, owed } = this.#stream;
    return Math.max(kept, Math.min(acked, owed.coveredBefore() - 1));
  }

  async #run(): Promise<void> {
    this.#running = true;
    try {
      await this.#inOrder(() => this.#clean());
    } catch (error) {
      this.#context.env.log.warn("outboxNotCleaned", errorFields(error));
    }
    this.#running = false;
    this.soon();
  }

  async #clean(): Promise<void> {
    const { database, store } = this.#context;
    const stream = this.#stream;
    const kept = this.#upTo();
    const upTo = Math.min(kept, stream.deleted + rowsMax);
    if (this.#closed || upTo <= stream.deleted) return;
    // Deleting frees space, so it goes on when the disk is full.
    await database.transaction(
      async (tx) => {
        await store.keep(tx, stream.id, kept);
        await store.deleteUpTo(tx, stream.id, upTo);
        tx.afterCommit(() => {
          stream.kept = Math.max(stream.kept, kept);
          stream.deleted = upTo;
        });
      },
      { frees: true },
    );
  }
}
