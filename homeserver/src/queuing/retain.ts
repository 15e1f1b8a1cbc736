import { LIMITS } from "@treehouse/protocol";
import type { ReadTx, Tx } from "../platform/index.ts";
import type { QueuingContext, QueuingLimits } from "./context.ts";
import type { QueuingStore, StoredStream } from "./store.ts";

/** Streams of one run, and entries of one transaction: a run never holds up the others for long. */
const streamsMax = 256;
const entriesMax = 1_000;
/** When retention comes back to a stream whose entries wait for somebody to read them. */
const recheckMs = 60 * 60 * 1000;

/** Deletes what need not be kept, stream by stream, and answers how many streams it looked at. */
export async function retain(context: QueuingContext): Promise<number> {
  const { env, database, store } = context;
  const due = await database.read((tx) => store.dueStreams(tx, env.now(), streamsMax));
  for (const id of due) {
    // A turn of the loop in between lets everything else go first.
    await new Promise<void>((resolve) => env.soon(resolve));
    await database.transaction((tx) => retainStream(context, tx, id), { frees: true });
  }
  return due.length;
}

async function retainStream(context: QueuingContext, tx: Tx, id: number): Promise<void> {
  const { store, streams, env, limits } = context;
  const stream = await store.streamById(tx, id);
  if (stream === undefined) return;
  const cached = streams.byId(id);
  // Said before the outcome is known: an entry that comes meanwhile then makes its own date.
  if (cached !== undefined) cached.scheduled = false;
  const plan = await planRetention(context, tx, stream);
  await store.deleteOrdinary(tx, id, stream.prunedTo, plan.prunedTo);
  const storedBy = env.now() - limits.handshakeKeptMs;
  const bounds = { upTo: plan.prunedTo, storedBy, limit: entriesMax };
  const deleted = await store.deleteStored(tx, id, bounds);
  const first = await store.first(tx, id);
  const gone = {
    prunedTo: plan.prunedTo,
    droppedTo: Math.min(plan.prunedTo, (first?.position ?? plan.prunedTo + 1) - 1),
    overflowedTo: plan.overflowedTo,
  };
  await store.raiseGone(tx, id, gone);
  const more = plan.more || deleted === entriesMax;
  const next = more ? env.now() : await nextDate(context, tx, { ...stream, ...gone });
  await store.reschedule(tx, id, next);
  tx.afterCommit(() => {
    const known = streams.byId(id);
    if (known === undefined) return;
    Object.assign(known, gone);
    known.scheduled = next !== undefined;
  });
}

type Plan = {
  /** Everything up to here but handshakes goes. */
  readonly prunedTo: number;
  readonly overflowedTo: number;
  /** There is more to delete than one transaction should. */
  readonly more: boolean;
};

/**
 * What all have read, other servers included, goes after 48 hours; what somebody has not, after 30
 * days, or when it is more than a stream may hold.
 */
async function planRetention(
  { store, env, limits, holder }: QueuingContext,
  tx: ReadTx,
  stream: StoredStream,
): Promise<Plan> {
  const now = env.now();
  const readHere = (await store.lowestCursor(tx, stream.id)) ?? stream.head;
  const floor = holder?.floors().get(stream.name) ?? stream.head + 1;
  const read = Math.min(readHere, floor - 1);
  const expired = await newestStoredBy(store, tx, stream, now - limits.entryKeptUnreadMs);
  const old = await newestStoredBy(store, tx, stream, now - limits.entryKeptReadMs);
  const surplus = stream.head - (await allowance(store, tx, stream, limits));
  const wanted = Math.max(expired, Math.min(old, Math.max(read, surplus)), stream.prunedTo);
  const prunedTo = Math.min(wanted, stream.prunedTo + entriesMax);
  const overflows = prunedTo > Math.max(read, expired);
  return {
    prunedTo,
    overflowedTo: overflows ? prunedTo : stream.overflowedTo,
    more: prunedTo < wanted,
  };
}

/** The newest position that was stored by a time. Times do not fall as positions rise. */
async function newestStoredBy(
  store: QueuingStore,
  tx: ReadTx,
  { id, prunedTo, head }: StoredStream,
  at: number,
): Promise<number> {
  let [low, high] = [prunedTo, head];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    const entry = await store.inspect(tx, id, middle);
    // An entry that is missing here can only have been deleted, so it is old.
    if (entry === undefined || entry.storedAt <= at) low = middle;
    else high = middle - 1;
  }
  return low;
}

/**
 * How many of its newest entries a stream may hold. Their length is estimated from a sample, since
 * an exact sum would read the whole stream.
 */
async function allowance(
  store: QueuingStore,
  tx: ReadTx,
  { id, prunedTo, head }: StoredStream,
  { streamBytesMax }: QueuingLimits,
): Promise<number> {
  const count = head - prunedTo;
  if (count * LIMITS.entryBytesMax <= streamBytesMax) return count;
  const samples = Math.min(count, 64);
  let bytes = 0;
  for (let sample = 0; sample < samples; sample += 1) {
    const position = prunedTo + 1 + Math.floor((sample * count) / samples);
    bytes += (await store.inspect(tx, id, position))?.length ?? 0;
  }
  const mean = Math.max(1, bytes / samples);
  return Math.floor(streamBytesMax / mean);
}

/** When there may be something to delete again; undefined once the stream is empty. */
async function nextDate(
  { store, env, limits }: QueuingContext,
  tx: ReadTx,
  stream: StoredStream,
): Promise<number | undefined> {
  const soonest = env.now() + recheckMs;
  const oldest = await store.inspect(tx, stream.id, stream.prunedTo + 1);
  if (oldest !== undefined) {
    return Math.max(oldest.storedAt + limits.entryKeptReadMs, soonest);
  }
  const handshake = await store.first(tx, stream.id);
  if (handshake === undefined) return undefined;
  return Math.max(handshake.storedAt + limits.handshakeKeptMs, soonest);
}
