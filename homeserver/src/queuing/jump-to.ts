import type { Bytes, RoomUri } from "@treehouse/protocol";
import type { Tx } from "../platform/index.ts";
import type { QueuingContext } from "./context.ts";
import { moveTail } from "./stream-cache.ts";

/** Why a room's log goes on behind a hole. */
export type Restored = {
  /** The encoded `SignedHead` with which the room's hub declared it. */
  readonly head: Bytes;
  /** The last position that the hub still knows; the present head if not given. */
  readonly after?: number;
};

/**
 * Lets a room's stream go on behind a position: the next entry is the one after it, and nothing
 * between the present head and it will ever come. The stream is made if there is none. Entries
 * before the jump stay readable; readers who stand before it are told of the gap, and with
 * `restored` that the room's hub has gone back in time and by which head. Idempotent: a position
 * that the stream has reached changes nothing.
 */
export async function jumpTo(
  context: QueuingContext,
  tx: Tx,
  room: RoomUri,
  position: number,
  restored?: Restored,
): Promise<void> {
  const { store, streams } = context;
  const stream = (await store.findStream(tx, room)) ?? (await store.createStream(tx, room, "room"));
  if (stream.head >= position) return;
  await store.raiseGone(tx, stream.id, { prunedTo: position, droppedTo: 0, overflowedTo: 0 });
  if (restored !== undefined) {
    const { head, after = stream.head } = restored;
    const from = Math.min(after, stream.head) + 1;
    await store.addJump(tx, stream.id, { from, to: position, head });
  }
  const inMemory = streams.get(room);
  if (inMemory !== undefined) moveTail(tx, inMemory, position);
  tx.afterCommit(() => {
    const known = streams.get(room);
    if (known === undefined) return;
    known.prunedTo = Math.max(known.prunedTo, position);
    known.head = Math.max(known.head, position);
    known.tail = Math.max(known.tail, position);
    context.notifier?.jumped(room);
  });
}
