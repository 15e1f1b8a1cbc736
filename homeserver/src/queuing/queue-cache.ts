import type { ClientUri } from "@treehouse/protocol";
import type { Database, ReadTx } from "../platform/index.ts";
import { ClientQueue } from "./client-queue.ts";
import { ensureInbox } from "./ensure-inbox.ts";
import type { QueuingStore } from "./store.ts";
import type { StreamCache } from "./stream-cache.ts";

export interface QueueCacheOptions {
  readonly database: Database;
  readonly store: QueuingStore;
  readonly streams: StreamCache;
  /** Queues kept beyond those that are pinned or have something to write. */
  readonly sizeMax: number;
}

/**
 * The queues of clients that are or were just active. A queue in memory shows what is committed,
 * and its cursors may be ahead of the disk.
 */
export class QueueCache {
  readonly #options: QueueCacheOptions;
  /** In the order of last use. */
  readonly #queues = new Map<ClientUri, ClientQueue>();
  readonly #dirty = new Set<ClientQueue>();

  constructor(options: QueueCacheOptions) {
    this.#options = options;
  }

  /** The queue if it is in memory. Nothing is lost on others: they are read when they are used. */
  get(client: ClientUri): ClientQueue | undefined {
    return this.#queues.get(client);
  }

  /**
   * The queue of a client, pinned once more, with its inbox made if it has none yet. The caller
   * takes the pin away when it needs the queue no longer.
   */
  async open(client: ClientUri): Promise<ClientQueue> {
    const { database, store } = this.#options;
    const known = this.#pinned(client);
    if (known !== undefined) return known;
    const read = await database.read((tx) => this.#read(tx, client));
    if (read !== undefined) return read;
    await database.transaction((tx) => ensureInbox(store, tx, client));
    const made = await database.read((tx) => this.#read(tx, client));
    if (made === undefined) throw new Error("An inbox disappeared as soon as it was made.");
    return made;
  }

  markDirty(queue: ClientQueue): void {
    queue.dirty = true;
    this.#dirty.add(queue);
  }

  markClean(queue: ClientQueue): void {
    queue.dirty = false;
    this.#dirty.delete(queue);
  }

  get dirtyCount(): number {
    return this.#dirty.size;
  }

  /** The queues with cursors to write, in the order in which they became so. */
  dirty(): readonly ClientQueue[] {
    return [...this.#dirty];
  }

  forget(client: ClientUri): void {
    const queue = this.#queues.get(client);
    if (queue === undefined) return;
    this.#queues.delete(client);
    this.#dirty.delete(queue);
    queue.discard();
  }

  /** Forgets all queues, with what was not written of them; call it only before clients come. */
  clear(): void {
    for (const client of this.#queues.keys()) this.forget(client);
  }

  #pinned(client: ClientUri): ClientQueue | undefined {
    const queue = this.#queues.get(client);
    if (queue === undefined) return undefined;
    this.#queues.delete(client);
    this.#queues.set(client, queue);
    queue.pins += 1;
    return queue;
  }

  /** Runs inside one read, so that no commit comes between the rows and the object. */
  async #read(tx: ReadTx, client: ClientUri): Promise<ClientQueue | undefined> {
    const { store, streams } = this.#options;
    const known = this.#pinned(client);
    if (known !== undefined) return known;
    const stored = await store.findStream(tx, client);
    if (stored === undefined) return undefined;
    const queue = new ClientQueue(client, streams.adopt(stored));
    const rows = await store.subscriptionsOf(tx, stored.id);
    const inbox = rows.filter((row) => row.stream === stored.id);
    const rooms = rows.filter((row) => row.stream !== stored.id);
    for (const row of [...inbox, ...rooms]) {
      const stream = streams.byId(row.stream) ?? (await this.#adopt(tx, row.stream));
      if (stream !== undefined) queue.put(stream, row);
    }
    // Another read of the same client may have ended first.
    const meanwhile = this.#pinned(client);
    if (meanwhile !== undefined) {
      queue.discard();
      return meanwhile;
    }
    this.#makeRoom();
    this.#queues.set(client, queue);
    queue.pins += 1;
    return queue;
  }

  async #adopt(tx: ReadTx, id: number) {
    const stored = await this.#options.store.streamById(tx, id);
    return stored === undefined ? undefined : this.#options.streams.adopt(stored);
  }

  #makeRoom(): void {
    if (this.#queues.size < this.#options.sizeMax) return;
    let looks = 64;
    for (const [client, queue] of this.#queues) {
      if (queue.pins === 0 && !queue.dirty) {
        this.forget(client);
        return;
      }
      this.#queues.delete(client);
      this.#queues.set(client, queue);
      if ((looks -= 1) === 0) return;
    }
  }
}
