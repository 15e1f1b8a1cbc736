import type { ClientUri, StreamUri } from "@treehouse/protocol";
import { acknowledge } from "./acknowledge.ts";
import type { Cursor } from "./acknowledge.ts";
import type { Standing } from "./client-queue.ts";
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
  const { database, queues, streams } = context;
  const queue = await queues.open(client);
  let attached = true;

  return {
    client,
    streams: () => queue.streams(),
    standing(name, from) {
      const stream = streams.get(name);
      if (stream !== undefined) return queue.standing(stream, from);
      return { state: "none", after: from ?? 0, upTo: from ?? 0 };
    },
    lastOf(name) {
      const stream = streams.get(name);
      return stream === undefined ? 0 : queue.lastOf(stream);
    },
    page(name, from, limits) {
      return database.read(async (tx) => {
        const stream = streams.get(name);
        if (stream === undefined) return { items: [], through: from ?? 0 };
        const position = from === undefined ? {} : { from };
        return readStream(context, tx, { queue, stream, ...position }, limits);
      });
    },
    acknowledge(cursors) {
      acknowledge(context, queue, cursors);
      if (queue.dirty) writer.soon();
    },
    detach() {
      if (!attached) return;
      attached = false;
      queue.pins -= 1;
      if (queue.dirty) void writer.flush();
    },
  };
}
