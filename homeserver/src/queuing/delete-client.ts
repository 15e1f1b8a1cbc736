import type { ClientUri } from "@treehouse/protocol";
import type { Tx } from "../platform/index.ts";
import type { QueuingContext } from "./context.ts";

/** Forgets a client that is gone for good: its inbox, its entries there and all subscriptions. */
export async function deleteClient(
  context: QueuingContext,
  tx: Tx,
  client: ClientUri,
): Promise<void> {
  const { store } = context;
  const inbox = await store.findStream(tx, client);
  if (inbox === undefined) return;
  await store.deleteSubscriptionsOf(tx, inbox.id);
  await store.deleteStream(tx, inbox.id);
  tx.afterCommit(() => {
    context.queues.forget(client);
    const cached = context.streams.get(client);
    if (cached !== undefined) context.streams.forget(cached);
    context.notifier?.clientDeleted(client);
  });
}
