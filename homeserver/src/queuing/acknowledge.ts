import { Refusal } from "@treehouse/protocol";
import type { StreamUri } from "@treehouse/protocol";
import type { ClientQueue } from "./client-queue.ts";
import type { QueuingContext } from "./context.ts";

/** A client has applied everything of a stream up to a position, inclusive. */
export type Cursor = { readonly stream: StreamUri; readonly position: number };

/**
 * Raises cursors in memory; they are written together with others soon after. Lower positions than
 * before, and streams that the client cannot read (any more), change nothing. Refuses all of them
 * with `aheadOfStream` if one position does not exist: then this server or the client was set back.
 */
export function acknowledge(
  context: QueuingContext,
  queue: ClientQueue,
  cursors: readonly Cursor[],
): void {
  for (const { stream: name, position } of cursors) {
    const stream = context.streams.get(name);
    if (stream === undefined || queue.cursorOf(stream) === undefined) continue;
    if (position > stream.head) {
      throw new Refusal("aheadOfStream", "A position is acknowledged that does not exist yet.");
    }
  }
  for (const { stream: name, position } of cursors) {
    const stream = context.streams.get(name);
    if (stream === undefined) continue;
    const { changed, released } = queue.acknowledge(stream, position);
    if (changed) context.queues.markDirty(queue);
    for (const room of released) context.notifier?.subscriptionChanged(queue.client, room);
  }
}
