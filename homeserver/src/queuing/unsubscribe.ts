import type { ClientUri, RoomUri } from "@treehouse/protocol";
import type { Tx } from "../platform/index.ts";
import type { QueuingContext } from "./context.ts";

export type SubscriptionEnding = {
  readonly client: ClientUri;
  readonly room: RoomUri;
  /** The position of the last entry that the client receives: the commit that removed it. */
  readonly upTo: number;
};

/**
 * Ends a client's subscription to a room: the entry at `upTo` is the last one it is ever given,
 * live, in pages or after a reconnect. Idempotent; a client without a subscription is no error.
 */
export async function unsubscribe(
  context: QueuingContext,
  tx: Tx,
  { client, room, upTo }: SubscriptionEnding,
): Promise<void> {
  const { store } = context;
  const inbox = await store.findStream(tx, client);
  const stream = await store.findStream(tx, room);
  if (inbox === undefined || stream === undefined) return;
  const existing = await store.subscriptionsTo(tx, inbox.id, stream.id);
  const current = existing.find((subscription) => subscription.upTo === undefined);
  if (current === undefined) return;
  const empty = upTo <= current.after;
  if (empty) await store.deleteSubscription(tx, current);
  else await store.putSubscription(tx, { ...current, upTo });
  tx.afterCommit(() => {
    const queue = context.queues.get(client);
    if (queue === undefined) return;
    const adopted = context.streams.adopt(stream);
    if (empty) queue.remove(adopted, current.after);
    else queue.end(adopted, current.after, upTo);
    if (adopted.head < upTo) {
      // The removing commit comes later in this transaction; readers are told when it is there.
      adopted.endings = [...(adopted.endings ?? []), { client, upTo }];
    }
    context.notifier?.subscriptionChanged(client, room);
  });
}
