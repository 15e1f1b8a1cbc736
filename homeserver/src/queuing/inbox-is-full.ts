import type { ClientUri } from "@treehouse/protocol";
import type { Tx } from "../platform/index.ts";
import type { QueuingContext } from "./context.ts";
import type { StoredStream } from "./store.ts";

/** Whether the client has left as many entries of its inbox unread as it may. */
export async function inboxIsFull(
  { store, queues, limits }: QueuingContext,
  tx: Tx,
  client: ClientUri,
  inbox: StoredStream,
): Promise<boolean> {
  const [row] = await store.subscriptionsTo(tx, inbox.id, inbox.id);
  const acknowledged = Math.max(row?.cursor ?? 0, queues.get(client)?.inboxCursor ?? 0);
  // Positions before `prunedTo` hold nothing: expired, or jumped over by a restore.
  const unreadFrom = Math.max(acknowledged, inbox.prunedTo);
  return inbox.head - unreadFrom >= limits.inboxEntriesMax;
}
