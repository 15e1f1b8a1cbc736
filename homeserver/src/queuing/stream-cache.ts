import type { ClientUri, StreamUri } from "@treehouse/protocol";
import type { Tx } from "../platform/index.ts";
import type { StoredStream, StreamKind } from "./store.ts";

/** What memory knows of one stream: what is committed, never what a transaction may take back. */
export interface Stream {
  readonly id: number;
  readonly name: StreamUri;
  readonly kind: StreamKind;
  head: number;
  /** Where the open transaction has come to; of all else here only what is committed is known. */
  tail: number;
  prunedTo: number;
  droppedTo: number;
  overflowedTo: number;
  /** Whether retention has a date with this stream; may be false without need, never true. */
  scheduled: boolean;
  /** Client queues in memory that refer to this object, which keeps it from being replaced. */
  users: number;
  /** Used since the cache last looked for something to give up. */
  recent: boolean;
  /** Clients whose last entry is named but not there yet. */
  endings: { readonly client: ClientUri; readonly upTo: number }[] | undefined;
}

/** Notes in an open transaction how far the stream goes by it. */
export function moveTail(tx: Tx, stream: Stream, position: number): void {
  const before = stream.tail;
  stream.tail = position;
  tx.afterRollback(() => {
    stream.tail = before;
  });
}

/**
 * The heads of streams in use. There is never more than one object for a stream, and what happens
 * to a stream reaches it after COMMIT, so that its head can be compared with what was pushed.
 */
export class StreamCache {
  readonly #sizeMax: number;
  readonly #streams = new Map<StreamUri, Stream>();
  readonly #names = new Map<number, StreamUri>();

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax;
  }

  get(name: StreamUri): Stream | undefined {
    const stream = this.#streams.get(name);
    if (stream !== undefined) stream.recent = true;
    return stream;
  }

  byId(id: number): Stream | undefined {
    const name = this.#names.get(id);
    return name === undefined ? undefined : this.get(name);
  }

  /** The object of a stream, made from what was read; only of committed state, or after COMMIT. */
  adopt(stored: StoredStream): Stream {
    const known = this.get(stored.name);
    if (known !== undefined) return known;
    const { dueAt, ...rest } = stored;
    const stream: Stream = {
      ...rest,
      tail: stored.head,
      scheduled: dueAt !== undefined,
      users: 0,
      recent: true,
      endings: undefined,
    };
    if (this.#streams.size >= this.#sizeMax) this.#makeRoom();
    this.#streams.set(stream.name, stream);
    this.#names.set(stream.id, stream.name);
    return stream;
  }

  forget(stream: Stream): void {
    this.#streams.delete(stream.name);
    this.#names.delete(stream.id);
  }

  /** Forgets all streams; call it only when nobody uses one. */
  clear(): void {
    this.#streams.clear();
    this.#names.clear();
  }

  /** Gives up one stream that nobody uses, or none if all are in use. */
  #makeRoom(): void {
    let looks = 64;
    for (const [name, stream] of this.#streams) {
      if (stream.users === 0 && stream.endings === undefined && !stream.recent) {
        this.forget(stream);
        return;
      }
      stream.recent = false;
      this.#streams.delete(name);
      this.#streams.set(name, stream);
      if ((looks -= 1) === 0) return;
    }
  }
}
