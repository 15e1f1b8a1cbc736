import { equalBytes, readItem, Refusal, toHex } from "@treehouse/protocol";
import type {
  Batch,
  BatchAnswer,
  BatchItem,
  Bytes,
  ItemBody,
  SignedHead,
} from "@treehouse/protocol";

/** An item that one of the suite's servers has taken from the tested one. */
export interface TakenItem {
  readonly incarnation: Bytes;
  readonly sequence: number;
  readonly kind: number;
  /** Undefined if it cannot be decoded, or was rejected on purpose. */
  readonly body: ItemBody | undefined;
}

/** A batch as it came, with the octets of its request. */
export interface ReceivedBatch {
  readonly batch: Batch;
  readonly octets: Bytes;
  readonly at: number;
}

/** What the tested server sends by itself, received as FED-941 and FED-942 say. */
export class IncomingStream {
  readonly batches: ReceivedBatch[] = [];
  readonly items: TakenItem[] = [];
  readonly heads: SignedHead[] = [];
  /** Names the code for which an item is rejected; takes all unless it is replaced. */
  reject: (item: BatchItem, body: ItemBody | undefined) => string | undefined = () => undefined;
  /** Batches that began beyond what was expected: a sender never leaves anything out. */
  gaps = 0;
  readonly #lives = new Map<
    string,
    { next: number; readonly rejected: { readonly sequence: number; readonly code: string }[] }
  >();

  take(received: ReceivedBatch): BatchAnswer {
    this.batches.push(received);
    const { incarnation, items, heads } = received.batch;
    const key = toHex(incarnation);
    const life = this.#lives.get(key) ?? { next: 1, rejected: [] };
    this.#lives.set(key, life);
    if ((items[0]?.sequence ?? 1) > life.next) this.gaps += 1;
    for (const item of items) {
      if (item.sequence !== life.next) continue;
      life.next += 1;
      const body = bodyOf(item);
      const code = this.reject(item, body);
      if (code !== undefined) life.rejected.push({ sequence: item.sequence, code });
      const { sequence, kind } = item;
      this.items.push({ incarnation, sequence, kind, body: code === undefined ? body : undefined });
    }
    this.heads.push(...heads);
    const rejected = life.rejected.filter(({ sequence }) => sequence >= life.next - 1024);
    return { incarnation, next: life.next, rejected };
  }

  /** The answer to a batch of another life of the sender does not count for this one. */
  nextOf(incarnation: Bytes): number {
    return this.#lives.get(toHex(incarnation))?.next ?? 1;
  }

  /** Incarnations in the order in which they were first seen. */
  get incarnations(): readonly Bytes[] {
    return this.batches
      .map(({ batch }) => batch.incarnation)
      .filter((each, at, all) => all.findIndex((other) => equalBytes(each, other)) === at);
  }
}

function bodyOf(item: BatchItem): ItemBody | undefined {
  try {
    return readItem(item);
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}
