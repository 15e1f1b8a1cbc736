import type { ClientUri, RoomUri } from "@treehouse/protocol";
import type { ReadTx } from "../platform/index.ts";
import type { QueuingContext } from "./context.ts";

/** Whether a client is given what comes in a room, now or once it has read its inbox. */
export async function reads(
  { store }: QueuingContext,
  tx: ReadTx,
  client: ClientUri,
  room: RoomUri,
): Promise<boolean> {
  const inbox = await store.findStream(tx, client);
  const stream = await store.findStream(tx, room);
  if (inbox === undefined || stream === undefined) return false;
  const subscriptions = await store.subscriptionsTo(tx, inbox.id, stream.id);
  return subscriptions.some(({ upTo }) => upTo === undefined);
}
