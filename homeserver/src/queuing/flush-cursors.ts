import type { Cancel } from "@treehouse/protocol";
import { errorFields } from "../platform/index.ts";
import type { Tx } from "../platform/index.ts";
import type { ClientQueue, UnwrittenCursor } from "./client-queue.ts";
import type { QueuingContext } from "./context.ts";

/** Writes acknowledged cursors in groups. What a crash loses of them is delivered again. */
export interface CursorWriter {
  /** Sees to it that what is acknowledged now is written within `LIMITS.cursorFlushMs`. */
  soon(): void;
  /** Writes what is acknowledged now, as soon as other writing has ended. */
  flush(): Promise<void>;
  /** Writes what is left and starts nothing more. */
  close(): Promise<void>;
}

/** Cursors of one transaction: about two milliseconds of work. */
const batchMax = 512;

type Unwritten = { readonly queue: ClientQueue; readonly cursor: UnwrittenCursor };

export function createCursorWriter(context: QueuingContext): CursorWriter {
  const { env, database, queues, limits } = context;
  let cancel: Cancel | undefined;
  let closed = false;
  let running: Promise<void> = Promise.resolve();

  async function write(): Promise<void> {
    const dirty = queues.dirty();
    const all = dirty.flatMap((queue) =>
      queue.unwritten().map((cursor): Unwritten => ({ queue, cursor })),
    );
    for (let from = 0; from < all.length; from += batchMax) {
      const batch = all.slice(from, from + batchMax);
      // Acknowledgements free space, so they are written on a full disk, too.
      await database.transaction((tx) => writeBatch(context, tx, batch), { frees: true });
    }
    for (const queue of dirty) if (queue.unwritten().length === 0) queues.markClean(queue);
  }

  async function writeAfter(before: Promise<void>): Promise<void> {
    await before;
    try {
      await write();
    } catch (error) {
      env.log.warn("cursorsNotWritten", errorFields(error));
    }
    if (queues.dirtyCount > 0) soon();
  }

  function flush(): Promise<void> {
    cancel?.();
    cancel = undefined;
    running = writeAfter(running);
    return running;
  }

  function soon(): void {
    if (closed) return;
    cancel ??= env.timer(limits.cursorFlushMs, () => {
      cancel = undefined;
      void flush();
    });
  }

  return {
    soon,
    flush,
    async close() {
      closed = true;
      await flush();
    },
  };
}

async function writeBatch(
  { store }: QueuingContext,
  tx: Tx,
  batch: readonly Unwritten[],
): Promise<void> {
  for (const { queue, cursor: unwritten } of batch) {
    const { stream, after, cursor, finished } = unwritten;
    const key = { client: queue.inbox.id, stream: stream.id, after };
    if (finished) await store.deleteSubscription(tx, key);
    else await store.advance(tx, key, cursor);
    const isInbox = stream === queue.inbox;
    if (isInbox) {
      await store.deleteUpTo(tx, stream.id, cursor);
      await store.raiseGone(tx, stream.id, {
        prunedTo: cursor,
        droppedTo: cursor,
        overflowedTo: 0,
      });
    }
    tx.afterCommit(() => {
      queue.written(unwritten);
      if (!isInbox) return;
      stream.prunedTo = Math.max(stream.prunedTo, cursor);
      stream.droppedTo = Math.max(stream.droppedTo, cursor);
    });
  }
}
