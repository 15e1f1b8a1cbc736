import type { Bytes, Env, LimitName } from "@treehouse/protocol";
import type { Database } from "../platform/index.ts";
import type { Holder, Notifier } from "./ports.ts";
import type { QueueCache } from "./queue-cache.ts";
import type { QueuingStore } from "./store.ts";
import type { StreamCache } from "./stream-cache.ts";

/** The bounds of this module, each as `LIMITS` documents it. */
export type QueuingLimits = Readonly<
  Record<
    Extract<
      LimitName,
      | "cursorFlushMs"
      | "entryKeptReadMs"
      | "entryKeptUnreadMs"
      | "handshakeKeptMs"
      | "inboxEntriesMax"
      | "pageBytesMax"
      | "pageEntriesMax"
      | "streamBytesMax"
    >,
    number
  >
>;

/** What the operations of this module share. */
export interface QueuingContext {
  readonly env: Pick<Env, "now" | "random" | "timer" | "soon" | "log">;
  readonly database: Database;
  readonly store: QueuingStore;
  readonly streams: StreamCache;
  readonly queues: QueueCache;
  readonly limits: QueuingLimits;
  /** Names this uninterrupted life of the streams. */
  incarnation: Bytes;
  /** Undefined while nobody listens. */
  notifier: Notifier | undefined;
  /** Undefined while no other server reads. */
  holder: Holder | undefined;
}
