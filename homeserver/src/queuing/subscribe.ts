import type { ClientUri, RoomUri } from "@treehouse/protocol";
import type { Tx } from "../platform/index.ts";
import type { QueuingContext } from "./context.ts";
import { ensureInbox } from "./ensure-inbox.ts";
import type { Subscription } from "./store.ts";

export type RoomSubscription = {
  readonly client: ClientUri;
  readonly room: RoomUri;
  /** The client reads what comes after this position. */
  readonly after: number;
  /** Nothing is delivered before the client acknowledged this position of its inbox. */
  readonly awaitsInbox?: number;
};

/**
 * Lets a client read a room from a position on. If it may read the room already, nothing changes
 * (it rejoined and misses nothing); unless it never began, because its Welcome is not
 * acknowledged: then this subscription takes the place of that one. Idempotent.
 */
export async function subscribe(
  context: QueuingContext,
  tx: Tx,
  { client, room, after, awaitsInbox = 0 }: RoomSubscription,
): Promise<void> {
  const { store } = context;
  const inbox = await ensureInbox(store, tx, client);
  const stream = (await store.findStream(tx, room)) ?? (await store.createStream(tx, room, "room"));
  const existing = await store.subscriptionsTo(tx, inbox.id, stream.id);
  const current = existing.find(({ upTo }) => upTo === undefined);
  if (current !== undefined && !(await stillWaits(context, tx, client, current))) return;
  if (current !== undefined) await store.deleteSubscription(tx, current);
  const added: Subscription = {
    client: inbox.id,
    stream: stream.id,
    after,
    upTo: undefined,
    cursor: after,
    awaitsInbox,
  };
  await store.putSubscription(tx, added);
  tx.afterCommit(() => {
    const queue = context.queues.get(client);
    if (queue === undefined) return;
    const adopted = context.streams.adopt(stream);
    if (current !== undefined) queue.remove(adopted, current.after);
    queue.put(adopted, added);
    context.notifier?.subscriptionChanged(client, room);
  });
}

/** Whether the Welcome with which a subscription begins is not acknowledged yet. */
async function stillWaits(
  { store, queues }: QueuingContext,
  tx: Tx,
  client: ClientUri,
  subscription: Subscription,
): Promise<boolean> {
  const [inbox] = await store.subscriptionsTo(tx, subscription.client, subscription.client);
  const acknowledged = Math.max(inbox?.cursor ?? 0, queues.get(client)?.inboxCursor ?? 0);
  return subscription.awaitsInbox > acknowledged;
}
