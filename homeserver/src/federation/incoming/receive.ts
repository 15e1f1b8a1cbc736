import {
  type Batch,
  type BatchAnswer,
  batchAnswerCodec,
  batchCodec,
  type BatchItem,
  type Bytes,
  type Domain,
  type EntryDelivery,
  ITEM_KINDS,
  type ItemBody,
  LIMITS,
  readItem,
  Refusal,
  type RefusalCode,
  type RejectedItem,
  type SignedHead,
} from "@treehouse/protocol";
import { createTurns, errorFields, type Tx } from "../../platform/index.ts";
import type { FederationContext } from "../context.ts";
import type { FollowedRooms, InboundConsent, Verdict } from "../ports.ts";
import type { StoredInbound } from "../store/index.ts";
import { createKnownStreams } from "./known-streams.ts";

/** Takes an encoded `Batch` of a peer and answers an encoded `BatchAnswer`. */
export type Receiver = (peer: Domain, body: Bytes) => Promise<Bytes>;

export interface ReceiverOptions<P> {
  readonly context: FederationContext;
  readonly followed: FollowedRooms<P>;
  readonly consent: InboundConsent;
}

/** Items are taken of the newest life of a peer's stream alone (FED-941). */
const livesMax = LIMITS.incarnationsPerPeerMax;

/** Kinds that are no word of anybody to anybody. */
const isFree: ReadonlySet<number> = new Set([ITEM_KINDS.entry, ITEM_KINDS.gone]);

/** One item as far as it could be read. */
type Item =
  | { readonly sequence: number; readonly body: ItemBody; readonly code?: undefined }
  | { readonly sequence: number; readonly body?: undefined; readonly code: RefusalCode };

/** The items that one transaction takes: all of a batch, unless one of them makes it fail. */
type Part = { readonly items: readonly Item[]; readonly heads: readonly SignedHead[] };

/** Where a stream stands: what its next batch begins with, and what was rejected lately. */
type Standing = Pick<BatchAnswer, "next" | "rejected">;

/** An item failed, which takes its transaction back; the others go on without it. */
class Poison extends Error {
  override readonly name = "Poison";
  readonly index: number;

  constructor(index: number, cause: unknown) {
    super("An item made its transaction fail.", { cause });
    this.index = index;
  }
}

/**
 * The receiving end of the streams of all peers (FED-941). A batch is taken in one transaction,
 * which also moves the peer's next sequence, so that each item has its effect once; what is wrong
 * with one item is a verdict about it alone. Batches of one peer come one after another.
 */
export function createReceiver<P>({ context, followed, consent }: ReceiverOptions<P>): Receiver {
  const { env, database, store, metrics, rates } = context;
  const turns = createTurns<Domain>();
  const known = createKnownStreams();

  async function receive(peer: Domain, batch: Batch): Promise<Bytes> {
    const { incarnation } = batch;
    const stream = await openStream(peer, incarnation);
    const { next, newest } = stream;
    const fresh = newest ? batch.items.filter(({ sequence }) => sequence >= next) : [];
    if (fresh.length > 0 && fresh[0]?.sequence !== next) {
      metrics.gaps.add();
      return answerNow(stream, incarnation);
    }
    rates.itemPerPeer.take(peer, fresh.length);
    const said = fresh.filter(({ kind }) => !isFree.has(kind)).length;
    if (said > 0) rates.consentPerPeer.take(peer, said);
    // Heads speak of entries that came before; without those they would only raise an alarm.
    const heads = newest ? batch.heads : [];
    metrics.received.add();
    if (fresh.length === 0 && heads.length === 0) return answerNow(stream, incarnation);
    const read = fresh.map(readOne);
    // Each of them may cost the check of a signature, which is most of what a batch costs.
    const ofCommits = read.filter(({ body }) => body?.kind === "entry" && body.head !== undefined);
    rates.headPerPeer.take(peer, heads.length + ofCommits.length);
    const taken = await takeParts(peer, stream, { items: read, heads });
    metrics.receivedItems.add(fresh.length);
    return batchAnswerCodec.encode({ incarnation, ...taken });
  }

  async function openStream(origin: Domain, incarnation: Bytes): Promise<StoredInbound> {
    const remembered = known.get(origin, incarnation);
    if (remembered !== undefined) return remembered;
    const stored =
      (await database.read((tx) => store.inbound(tx, origin, incarnation))) ??
      (await database.transaction((tx) =>
        store.createInbound(tx, { origin, incarnation }, livesMax),
      ));
    known.keep(origin, incarnation, stored);
    return stored;
  }

  /** Where a stream stands of which nothing is taken now. */
  async function answerNow({ id, next }: StoredInbound, incarnation: Bytes): Promise<Bytes> {
    const rejected = await database.read((tx) => store.rejected(tx, id));
    return batchAnswerCodec.encode({ incarnation, next, rejected });
  }

  async function takeParts(peer: Domain, stream: StoredInbound, whole: Part): Promise<Standing> {
    const waiting: Part[] = [whole];
    let standing: Standing = { next: stream.next, rejected: [] };
    for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
      try {
        standing = await takePart(peer, { ...stream, next: standing.next }, part);
      } catch (error) {
        if (!(error instanceof Poison)) throw error;
        waiting.push(...partsWithout(part, error));
      }
    }
    return standing;
  }

  /** Last first. What came before the poison was taken back with it, and is known to be good. */
  function partsWithout({ items: all, heads }: Part, { index, cause }: Poison): readonly Part[] {
    const code = codeOf(cause);
    if (code === "internal") env.log.error("itemFailed", errorFields(cause));
    const poison = all[index];
    // It was the end of the batch that failed, where the heads are compared.
    if (poison === undefined) return [{ items: all, heads: [] }];
    const { sequence } = poison;
    const before: Part = { items: [...all.slice(0, index), { sequence, code }], heads: [] };
    const after = all.slice(index + 1);
    return after.length === 0 && heads.length === 0 ? [before] : [{ items: after, heads }, before];
  }

  async function takePart(peer: Domain, stream: StoredInbound, part: Part): Promise<Standing> {
    const entries: EntryDelivery[] = [];
    for (const { body } of part.items) if (body?.kind === "entry") entries.push(body);
    const { heads } = part;
    const prepared = await followed.prepare(peer, { items: entries, heads });
    return database.transaction(async (tx) => {
      const rejected: RejectedItem[] = [];
      let entry = 0;
      for (const [index, item] of part.items.entries()) {
        const at = item.body?.kind === "entry" ? entry++ : 0;
        const code = item.code ?? (await verdictOf(tx, peer, prepared, item.body, at, index));
        if (code !== undefined) rejected.push({ sequence: item.sequence, code });
      }
      await finish(tx, prepared, part);
      const last = part.items.at(-1);
      const next = last === undefined ? stream.next : last.sequence + 1;
      if (last !== undefined) await moveOn(tx, peer, { ...stream, next }, rejected);
      return { next, rejected: await store.rejected(tx, stream.id) };
    });
  }

  async function verdictOf(
    tx: Tx,
    peer: Domain,
    prepared: P,
    body: ItemBody,
    entry: number,
    index: number,
  ): Promise<RefusalCode | undefined> {
    try {
      const verdict = await takeOne(tx, peer, prepared, body, entry);
      return verdict.rejected;
    } catch (error) {
      throw new Poison(index, error);
    }
  }

  async function finish(tx: Tx, prepared: P, { items: all, heads }: Part): Promise<void> {
    try {
      await followed.finish(tx, prepared);
    } catch (error) {
      if (heads.length === 0) throw error;
      throw new Poison(all.length, error);
    }
  }

  function takeOne(
    tx: Tx,
    peer: Domain,
    prepared: P,
    body: ItemBody,
    entry: number,
  ): Promise<Verdict> {
    switch (body.kind) {
      case "entry":
        return followed.receive(tx, prepared, entry);
      case "consent":
        return consent.consent(tx, peer, body.entry);
      case "userDeleted":
        return consent.userDeleted(tx, peer, body);
      case "clientRevoked":
        return consent.clientRevoked(tx, peer, body);
      case "userReset":
        return consent.userReset(tx, peer, body);
      case "gone":
        return Promise.resolve({});
    }
  }

  async function moveOn(
    tx: Tx,
    peer: Domain,
    moved: StoredInbound,
    rejected: readonly RejectedItem[],
  ): Promise<void> {
    const { id, next } = moved;
    await store.moveInbound(tx, id, { next, rejectedFrom: next - LIMITS.rejectedItemsMax });
    await store.addRejected(tx, id, rejected);
    tx.afterCommit(() => {
      known.moved(peer, moved);
      for (const { code } of rejected) metrics.refusedItems.add(1, { code });
    });
  }

  return async (peer, body) => {
    // Views of the body: it is read for this request alone, and nothing writes into it.
    const batch = batchCodec.decode(body, "sliced");
    return turns.take(peer, () => receive(peer, batch));
  };
}

function readOne(item: BatchItem): Item {
  const { sequence } = item;
  try {
    return { sequence, body: readItem(item, "sliced") };
  } catch (error) {
    if (error instanceof Refusal) return { sequence, code: error.code };
    throw error;
  }
}

/** Refusals that say nothing about the item: the whole batch comes again later. */
const passing: readonly RefusalCode[] = ["storageFull", "unavailable", "rateLimited"];

function codeOf(cause: unknown): RefusalCode {
  if (!(cause instanceof Refusal)) return "internal";
  const { code }: Refusal = cause;
  if (passing.includes(code)) throw cause;
  return code;
}
