import type { RoomUri } from "@treehouse/protocol";
import type { Tx } from "../platform/index.ts";
import type { QueuingContext } from "./context.ts";

/**
 * Lets a room's stream go on behind a position: the next entry is the one after it, and nothing
 * between the present head and it will ever come. The stream is made if there is none. Entries
 * before the jump stay readable; readers who stand before it are told of the gap. Idempotent: a
 * position that the stream has reached changes nothing.
 */
export async function jumpTo(
  context: QueuingContext,
  tx: Tx,
  room: RoomUri,
  position: number,
): Promise<void> {
  const { store, streams } = context;
  const stream = (await store.findStream(tx, room)) ?? (await store.createStream(tx, room, "room"));
  if (stream.head >= position) return;
  await store.raiseGone(tx, stream.id, { prunedTo: position, droppedTo: 0, overflowedTo: 0 });
  tx.afterCommit(() => {
    const known = streams.get(room);
    if (known === undefined) return;
    known.prunedTo = Math.max(known.prunedTo, position);
    known.head = Math.max(known.head, position);
  });
}
