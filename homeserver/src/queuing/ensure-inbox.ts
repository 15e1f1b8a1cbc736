import type { ClientUri } from "@treehouse/protocol";
import type { Tx } from "../platform/index.ts";
import type { QueuingStore, StoredStream } from "./store.ts";

/** The client's inbox stream and its subscription to it, made when they are first needed. */
export async function ensureInbox(
  store: QueuingStore,
  tx: Tx,
  client: ClientUri,
): Promise<StoredStream> {
  const known = await store.findStream(tx, client);
  if (known !== undefined) return known;
  const inbox = await store.createStream(tx, client, "inbox");
  await store.putSubscription(tx, {
    client: inbox.id,
    stream: inbox.id,
    after: 0,
    upTo: undefined,
    cursor: 0,
    awaitsInbox: 0,
  });
  return inbox;
}
