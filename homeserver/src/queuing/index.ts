/**
 * Queuing keeps streams of opaque entries: one for each room with members here, and one inbox for
 * each client.
 *
 * It promises: what is appended is durable with the transaction that appended it; positions are
 * gapless and entries come in their order; an entry is stored once, however many read it, and
 * stays until all who may read it have acknowledged it or it expires; a reader gets exactly what
 * its subscriptions allow, from their first to their last position, and is told of what is missing.
 * Acknowledgements are kept in memory for about a second: after a crash entries come again.
 */
import { LIMITS } from "@treehouse/protocol";
import type { Bytes, ClientUri, Env, RoomUri } from "@treehouse/protocol";
import { migrationsOf } from "../platform/index.ts";
import type { Database, Jobs, ReadTx, Route, Tx } from "../platform/index.ts";
import { append } from "./append.ts";
import type { LogEntry } from "./append.ts";
import type { QueuingContext, QueuingLimits } from "./context.ts";
import { deleteClient } from "./delete-client.ts";
import { deliverAccountEvent } from "./deliver-account-event.ts";
import type { AccountEventForClient } from "./deliver-account-event.ts";
import { deliverWelcome } from "./deliver-welcome.ts";
import type { WelcomeForClient } from "./deliver-welcome.ts";
import { createCursorWriter } from "./flush-cursors.ts";
import { jumpTo } from "./jump-to.ts";
import type { Restored } from "./jump-to.ts";
import type { Holder, Notifier } from "./ports.ts";
import { QueueCache } from "./queue-cache.ts";
import { readLog } from "./read-log.ts";
import type { LogPage, LogRange } from "./read-log.ts";
import { attach } from "./reader.ts";
import { reads } from "./reads.ts";
import type { StreamReader } from "./reader.ts";
import { restored } from "./restored.ts";
import { retain } from "./retain.ts";
import { routes } from "./routes.ts";
import type { QueuingStore } from "./store.ts";
import { createSqliteStore } from "./store.sqlite.ts";
import { StreamCache } from "./stream-cache.ts";
import { subscribe } from "./subscribe.ts";
import type { RoomSubscription } from "./subscribe.ts";
import { unsubscribe } from "./unsubscribe.ts";
import type { SubscriptionEnding } from "./unsubscribe.ts";

export type { Cursor } from "./acknowledge.ts";
export type { LogEntry } from "./append.ts";
export type { Standing } from "./client-queue.ts";
export type { AccountEventForClient } from "./deliver-account-event.ts";
export type { WelcomeForClient } from "./deliver-welcome.ts";
export type { QueuingLimits } from "./context.ts";
export type { Holder, Notifier } from "./ports.ts";
export type { Restored } from "./jump-to.ts";
export type { LogPage, LogRange } from "./read-log.ts";
export type { GapReason, Page, PageItem, PageLimits } from "./read-stream.ts";
export type { StreamReader } from "./reader.ts";
export type { RoomSubscription } from "./subscribe.ts";
export type { SubscriptionEnding } from "./unsubscribe.ts";

export const queuingMigrations = migrationsOf("queuing");

export type QueuingOptions = {
  readonly env: Pick<Env, "now" | "random" | "timer" | "soon" | "log">;
  readonly database: Database;
  readonly jobs: Jobs;
  /** Overrides of `LIMITS`. */
  readonly limits?: Partial<QueuingLimits>;
  /** Bounds of what is kept in memory of clients and streams that are not in use. */
  readonly cached?: { readonly clients?: number; readonly streams?: number };
};

export interface Queuing {
  readonly routes: readonly Route[];
  /** Names this uninterrupted life of the streams: 16 octets; a restore changes it. */
  readonly incarnation: Bytes;
  /** Adds an entry to a room's stream; the stream is made with its first entry. */
  append(tx: Tx, entry: LogEntry): Promise<void>;
  /** Pushes an entry of a room to whoever is connected and up to date with it; it is not kept. */
  pass(room: RoomUri, bytes: Uint8Array): void;
  subscribe(tx: Tx, subscription: RoomSubscription): Promise<void>;
  unsubscribe(tx: Tx, ending: SubscriptionEnding): Promise<void>;
  deliverWelcome(tx: Tx, welcome: WelcomeForClient): Promise<number>;
  deliverAccountEvent(tx: Tx, event: AccountEventForClient): Promise<void>;
  deleteClient(tx: Tx, client: ClientUri): Promise<void>;
  /**
   * Goes on behind a position: for a log that is not read here from its beginning, or, with
   * `restored`, one whose hub has gone back in time.
   */
  jumpTo(tx: Tx, room: RoomUri, position: number, restored?: Restored): Promise<void>;
  /** The database was put back from a backup; call it before anybody reads. */
  restored(tx: Tx, life: { readonly positionMin: number }): Promise<void>;
  /** Whether a client is given what comes in a room. */
  reads(tx: ReadTx, client: ClientUri, room: RoomUri): Promise<boolean>;
  /** A page of a room's log, whoever may read it: the caller has judged that. */
  readLog(tx: ReadTx, room: RoomUri, range: LogRange): Promise<LogPage>;
  /** Keeps what a client reads in memory until it is detached. */
  attach(client: ClientUri): Promise<StreamReader>;
  /** Names the one listener that is told what happens to streams. */
  notify(notifier: Notifier): void;
  /** Names the one who says what other servers have yet to get. */
  hold(holder: Holder): void;
  /** One run of retention, as the job does it every minute; answers how many streams it saw. */
  retain(): Promise<number>;
  /** Writes the cursors that were acknowledged. Resolves also if that failed; it is tried again. */
  flush(): Promise<void>;
  /** Writes the last cursors. Call it before the database closes. */
  close(): Promise<void>;
}

const retentionIntervalMs = 60_000;

export async function createQueuing(options: QueuingOptions): Promise<Queuing> {
  const { env, database, jobs, cached } = options;
  const store = createSqliteStore(database);
  const streams = new StreamCache(cached?.streams ?? 50_000);
  const sizeMax = cached?.clients ?? 10_000;
  const queues = new QueueCache({ database, store, streams, sizeMax });
  const context: QueuingContext = {
    env,
    database,
    store,
    streams,
    queues,
    limits: { ...LIMITS, ...options.limits },
    incarnation: await readIncarnation(options, store),
    notifier: undefined,
    holder: undefined,
  };
  const writer = createCursorWriter(context);
  const run = (): Promise<number> => retain(context);
  jobs.every("queuing.retain", retentionIntervalMs, async () => void (await run()));
  const attachTo = (client: ClientUri): Promise<StreamReader> => attach(context, writer, client);

  return {
    routes: routes(context, attachTo),
    get incarnation() {
      return context.incarnation;
    },
    append: (tx, entry) => append(context, tx, entry),
    pass: (room, bytes) => context.notifier?.passed(room, bytes),
    subscribe: (tx, subscription) => subscribe(context, tx, subscription),
    unsubscribe: (tx, ending) => unsubscribe(context, tx, ending),
    deliverWelcome: (tx, welcome) => deliverWelcome(context, tx, welcome),
    deliverAccountEvent: (tx, event) => deliverAccountEvent(context, tx, event),
    deleteClient: (tx, client) => deleteClient(context, tx, client),
    jumpTo: (tx, room, position, why) => jumpTo(context, tx, room, position, why),
    restored: (tx, life) => restored(context, tx, life),
    reads: (tx, client, room) => reads(context, tx, client, room),
    readLog: (tx, room, range) => readLog(context, tx, room, range),
    attach: attachTo,
    notify(notifier) {
      context.notifier = notifier;
    },
    hold(holder) {
      context.holder = holder;
    },
    retain: run,
    flush: () => writer.flush(),
    close: () => writer.close(),
  };
}

function readIncarnation(
  { env, database }: Pick<QueuingOptions, "env" | "database">,
  store: QueuingStore,
): Promise<Bytes> {
  return database.transaction(async (tx) => {
    const known = await store.incarnation(tx);
    if (known !== undefined) return known;
    const fresh = env.random(16);
    await store.setIncarnation(tx, fresh);
    return fresh;
  });
}
