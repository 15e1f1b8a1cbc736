import {
  entryDeliveryCodec,
  isRefusalCode,
  type RejectedItem,
  TOMBSTONE_REASONS,
  tombstoneFor,
} from "@treehouse/protocol";
import { sha256, type Tx } from "../../platform/index.ts";
import { appendItem } from "./append.ts";
import { fateOf } from "./classify.ts";
import type { FederationContext } from "../context.ts";
import { isPointer } from "./item.ts";
import type { StoredRow } from "../store/index.ts";
import type { PeerStream } from "./stream.ts";

/** Dead items of one peer that are kept for the operator. */
const deadMax = 1_000;

/** What becomes of the items of one stream that the peer does not take (FED-945). */
export class Rejections {
  readonly #context: FederationContext;
  readonly #stream: PeerStream;
  readonly #onAdded: () => void;
  /** Those that were acted on; peers name them several times. */
  readonly #known = new Set<number>();

  constructor(context: FederationContext, stream: PeerStream, onAdded: () => void) {
    this.#context = context;
    this.#stream = stream;
    this.#onAdded = onAdded;
  }

  /**
   * Acts on items that the peer rejected, once for each: a tombstone goes in place of an entry, and
   * all are kept for the operator. Must end before the items count as taken.
   */
  async settle(rejected: readonly RejectedItem[]): Promise<void> {
    const { database, env } = this.#context;
    const { base, kept, domain } = this.#stream;
    for (const sequence of this.#known) if (sequence <= kept) this.#known.delete(sequence);
    const fresh = rejected
      .map(({ sequence, code }) => ({ sequence: sequence + base, code }))
      .filter(({ sequence }) => sequence > kept && !this.#known.has(sequence));
    if (fresh.length === 0) return;
    await database.transaction(async (tx) => {
      for (const { sequence, code } of fresh) await this.#bury(tx, sequence, code);
    });
    env.log.warn("itemsRejected", {
      host: domain,
      count: fresh.length,
      code: labelOf(fresh[0]?.code),
    });
  }

  /** An item for which batches are refused counts as rejected; nothing is sent in its place. */
  async give(sequence: number, code: string): Promise<void> {
    const { database, store, env } = this.#context;
    const { id, tail, domain } = this.#stream;
    await database.transaction(async (tx) => {
      await this.#bury(tx, sequence, code);
      await store.blank(tx, id, sequence);
      tx.afterCommit(() => tail.dropUpTo(sequence));
    });
    env.log.warn("itemsRejected", { host: domain, count: 1, code: labelOf(code) });
  }

  async #bury(tx: Tx, sequence: number, code: string): Promise<void> {
    const { hosted, metrics } = this.#context;
    const { domain } = this.#stream;
    const row = await this.#buryRow(tx, sequence, code);
    tx.afterCommit(() => this.#known.add(sequence));
    if (row === undefined) return;
    const { form, room } = row;
    const fate = fateOf(form, code);
    if (fate === "introduce" && room !== undefined) await hosted.introduceAgain(tx, domain, room);
    if (fate === "tombstone") await this.#replace(tx, row);
    tx.afterCommit(() => metrics.rejected.add(1, { code: labelOf(code) }));
  }

  /** Undefined if it is dead already, or gone. */
  async #buryRow(tx: Tx, sequence: number, code: string): Promise<StoredRow | undefined> {
    const { store, env } = this.#context;
    const { id } = this.#stream;
    const range = { peer: id, after: sequence - 1, limit: 1, bytesMax: 0 };
    const [row] = await store.page(tx, range);
    if (row?.sequence !== sequence) return undefined;
    const { form, room, position } = row;
    const body = isPointer(form) ? undefined : row.body;
    const item = { peer: id, sequence, form, room, position, code, at: env.now(), body };
    return (await store.bury(tx, item, deadMax)) ? row : undefined;
  }

  async #replace(tx: Tx, { room, position }: StoredRow): Promise<void> {
    const { entries } = this.#context;
    const entry = room === undefined ? undefined : await entries.entry(tx, room, position);
    if (entry === undefined) return;
    const delivery = {
      entry: tombstoneFor(entry, TOMBSTONE_REASONS.rejected, sha256),
      head: undefined,
      groupInfo: undefined,
      welcomes: [],
      introduction: undefined,
    };
    const rest = entryDeliveryCodec.encode(delivery);
    const body = { form: "tombstone", room, position, entry: undefined, rest } as const;
    await appendItem(this.#context, tx, this.#stream, body, this.#onAdded);
  }
}

/** The codes of peers go into logs and metrics only as far as they are known here. */
function labelOf(code: string | undefined): string {
  return code !== undefined && isRefusalCode(code) ? code : "other";
}
