import type { RoomUri } from "@treehouse/protocol";
import { Assertion } from "../platform/index.ts";
import type { Tx } from "../platform/index.ts";
import type { QueuingContext } from "./context.ts";
import type { StoredStream } from "./store.ts";
import { moveTail } from "./stream-cache.ts";
import type { Stream } from "./stream-cache.ts";

/** One entry of a room, finished: these very bytes are stored and travel. */
export type LogEntry = {
  readonly room: RoomUri;
  readonly position: number;
  readonly bytes: Uint8Array;
  /** A commit or a proposal, which is kept longer: restore and rejoin need it. */
  readonly handshake: boolean;
};

/**
 * Adds an entry to a room's stream. Its position is the stream's head plus one; anything else is
 * an `Assertion`, since positions are given inside the same transaction.
 */
export async function append(context: QueuingContext, tx: Tx, entry: LogEntry): Promise<void> {
  const { room, position, handshake, bytes } = entry;
  const stream =
    context.streams.get(room) ??
    (await context.store.findStream(tx, room)) ??
    (await context.store.createStream(tx, room, "room"));
  await appendTo(context, tx, stream, { position, handshake, bytes });
}

/**
 * Adds an entry to a stream that is known, whatever its kind: as it is in memory, or as this very
 * transaction has read it.
 */
export async function appendTo(
  context: QueuingContext,
  tx: Tx,
  stream: Stream | StoredStream,
  entry: { readonly position: number; readonly handshake: boolean; readonly bytes: Uint8Array },
): Promise<void> {
  const { store, env, limits } = context;
  const { position, handshake, bytes } = entry;
  const inMemory = "scheduled" in stream;
  const after = inMemory ? stream.tail : stream.head;
  if (position !== after + 1 && position !== ((await headOf(context, tx, stream)) ?? -1) + 1) {
    throw new Assertion("An entry does not follow the head of its stream.");
  }
  const storedAt = env.now();
  await store.append(tx, { stream: stream.id, position, handshake, storedAt, bytes });
  if (inMemory) {
    moveTail(tx, stream, position);
    if (!stream.scheduled) await schedule(context, tx, stream, storedAt);
    tx.afterCommit(() => appended(context, stream, position, bytes));
    return;
  }
  await store.schedule(tx, stream.id, storedAt + limits.entryKeptReadMs);
  tx.afterCommit(() => {
    const adopted = context.streams.adopt({ ...stream, dueAt: storedAt });
    adopted.scheduled = true;
    appended(context, adopted, position, bytes);
  });
}

/** As it is on disk: what is in memory may have been read before an entry that came meanwhile. */
async function headOf({ store }: QueuingContext, tx: Tx, { id }: { readonly id: number }) {
  return (await store.streamById(tx, id))?.head;
}

async function schedule(
  { store, limits }: QueuingContext,
  tx: Tx,
  stream: Stream,
  storedAt: number,
): Promise<void> {
  await store.schedule(tx, stream.id, storedAt + limits.entryKeptReadMs);
  tx.afterCommit(() => {
    stream.scheduled = true;
  });
}

function appended(
  { notifier }: QueuingContext,
  stream: Stream,
  position: number,
  bytes: Uint8Array,
): void {
  stream.head = position;
  stream.tail = Math.max(stream.tail, position);
  notifier?.appended(stream.name, position, bytes);
  if (stream.endings !== undefined) settleEndings(notifier, stream);
}

/** Tells of subscriptions that were ended in the same transaction as, but before, this entry. */
function settleEndings(notifier: QueuingContext["notifier"], stream: Stream): void {
  const due = stream.endings?.filter(({ upTo }) => upTo <= stream.head) ?? [];
  const left = stream.endings?.filter(({ upTo }) => upTo > stream.head) ?? [];
  stream.endings = left.length > 0 ? left : undefined;
  for (const { client } of due) notifier?.subscriptionChanged(client, stream.name);
}
