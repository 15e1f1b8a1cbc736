import type { Tx } from "../../platform/index.ts";
import type { FederationContext } from "../context.ts";
import { attachedOf } from "./item.ts";
import type { ItemBody } from "./item.ts";
import type { PeerStream } from "./stream.ts";

/**
 * Gives an item the next number of a stream, durable with the transaction (FED-940). The number
 * comes from memory, where it is taken back if the transaction is; `onAdded` is called after COMMIT,
 * when the item stands at the end of the stream.
 */
export async function appendItem(
  { store, rooms, env }: Pick<FederationContext, "store" | "rooms" | "env">,
  tx: Tx,
  stream: PeerStream,
  { form, room, position, entry, rest }: ItemBody,
  onAdded: () => void,
): Promise<void> {
  const number = room === undefined ? 0 : rooms.of(tx, room);
  const roomNumber = typeof number === "number" ? number : await number;
  const sequence = stream.newest + 1;
  stream.newest = sequence;
  tx.afterRollback(() => {
    stream.newest = sequence - 1;
  });
  const addedAt = env.now();
  const body = attachedOf(form, rest);
  const row = { peer: stream.id, sequence, form, room: roomNumber, position, addedAt, body };
  await store.add(tx, row);
  tx.afterCommit(() => {
    stream.committed = sequence;
    if (!stream.away) stream.tail.push({ sequence, form, room, position, addedAt, entry, rest });
    onAdded();
  });
}
