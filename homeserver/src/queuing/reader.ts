import type { ClientUri, StreamUri } from "@treehouse/protocol";
import { acknowledge } from "./acknowledge.ts";
import type { Cursor } from "./acknowledge.ts";
import type { ClientQueue, Standing } from "./client-queue.ts";
import type { QueuingContext } from "./context.ts";
import type { CursorWriter } from "./flush-cursors.ts";
import { readStream } from "./read-stream.ts";
import type { Page, PageLimits } from "./read-stream.ts";

/**
 * What one client reads. It stays in memory until `detach`, so that where the reader stands is known
 * without waiting; between a question and the next turn of the event loop the answer stays true.
 */
export interface StreamReader {
  readonly client: ClientUri;
  /** The streams that the client may read, the inbox first. */
  streams(): readonly StreamUri[];
  /** Where a reader stands that has everything up to `from`, or up to its cursor if not given. */
  standing(stream: StreamUri, from?: number): Standing;
  /** The last position of a stream that the client may ever read; undefined while it is in. */
  lastOf(stream: StreamUri): number | undefined;
  /** What comes next for such a reader; an empty page if there is nothing now. */
  page(stream: StreamUri, from?: number, limits?: PageLimits): Promise<Page>;
  /** Raises cursors. Refuses `aheadOfStream`; then none is raised. */
  acknowledge(cursors: readonly Cursor[]): void;
  /** Lets go; acknowledged cursors are written. Idempotent. */
  detach(): void;
}

export async function attach(
  context: QueuingContext,
  writer: CursorWriter,
  client: ClientUri,
): Promise<StreamReader> {
  return new Reader(context, writer, await context.queues.open(client));
}

/** A class, for thousands of them idle at once: closures would be as many objects as there are methods. */
class Reader implements StreamReader {
  readonly #context: QueuingContext;
  readonly #writer: CursorWriter;
  readonly #queue: ClientQueue;
  #attached = true;

  constructor(context: QueuingContext, writer: CursorWriter, queue: ClientQueue) {
    this.#context = context;
    this.#writer = writer;
    this.#queue = queue;
  }

  get client(): ClientUri {
    return this.#queue.client;
  }

  streams(): readonly StreamUri[] {
    return this.#queue.streams();
  }

  standing(name: StreamUri, from?: number): Standing {
    const stream = this.#context.streams.get(name);
    if (stream !== undefined) return this.#queue.standing(stream, from);
    return { state: "none", after: from ?? 0, upTo: from ?? 0 };
  }

  lastOf(name: StreamUri): number | undefined {
    const stream = this.#context.streams.get(name);
    return stream === undefined ? 0 : this.#queue.lastOf(stream);
  }

  page(name: StreamUri, from?: number, limits?: PageLimits): Promise<Page> {
    const { database, streams } = this.#context;
    return database.read(async (tx) => {
      const stream = streams.get(name);
      if (stream === undefined) return { items: [], through: from ?? 0 };
      const position = from === undefined ? {} : { from };
      return readStream(this.#context, tx, { queue: this.#queue, stream, ...position }, limits);
    });
  }

  acknowledge(cursors: readonly Cursor[]): void {
    acknowledge(this.#context, this.#queue, cursors);
    if (this.#queue.dirty) this.#writer.soon();
  }

  detach(): void {
    if (!this.#attached) return;
    this.#attached = false;
    this.#queue.pins -= 1;
    if (this.#queue.dirty) void this.#writer.flush();
  }
}
