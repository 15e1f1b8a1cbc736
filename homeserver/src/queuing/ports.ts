import type { ClientUri, StreamUri } from "@treehouse/protocol";

/** Who still needs entries that all local readers may have acknowledged; `federation` meets it. */
export interface Holder {
  /** The lowest position that some other server has yet to get, for streams where that is long. */
  floors(): ReadonlyMap<StreamUri, number>;
}

/**
 * Who wants to know at once what happened to streams; `realtime` meets it. Everything is told
 * synchronously after COMMIT and in the order of positions, when the memory of `queuing` already
 * shows it. A listener must not throw.
 */
export interface Notifier {
  /** An entry was added at the head of a stream. The bytes are shared: never change them. */
  appended(stream: StreamUri, position: number, bytes: Uint8Array): void;
  /** An entry that is not kept; it is for whoever is connected now. */
  passed(stream: StreamUri, bytes: Uint8Array): void;
  /** A stream goes on behind positions that nothing stands at: readers must be told of the gap. */
  jumped(stream: StreamUri): void;
  /** What a client may read of a stream has changed. */
  subscriptionChanged(client: ClientUri, stream: StreamUri): void;
  /** A client is gone for good, with its inbox and all its subscriptions. */
  clientDeleted(client: ClientUri): void;
}
