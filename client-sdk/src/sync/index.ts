/**
 * Keeps the local store in step with the server's streams: applies what comes, in order, and
 * acknowledges what is durable. A broken connection costs nothing: the stream begins again at the
 * stored cursors, and what comes twice is recognised by its position.
 */
import {
  type Bytes,
  type Cancel,
  type Env,
  equalBytes,
  inboxEntryCodec,
  parseStreamUri,
  paths,
  Refusal,
  type RoomUri,
  type SignedHead,
  type StreamUri,
  submitMessageResponseCodec,
  subscriptionsAnswerSchema,
  updateRoomResponseCodec,
} from "@treehouse/protocol";

import type { ClientEvents, Events } from "../events/index.ts";
import type { LocalStore } from "../storage/index.ts";
import {
  type Api,
  type Connection,
  type ConnectionEvents,
  createConnection,
  createSerial,
  createServerTime,
  type StreamFrame,
  WrongServer,
} from "../transport/index.ts";
import { serverBehind, storeCopied } from "./faults.ts";
import { createSettingBack } from "./setting-back.ts";
import type { StreamSink } from "./sink.ts";
import { watch, type Watcher } from "./watch.ts";

export type { SinkGap, StreamSink } from "./sink.ts";

/** Which of the copies of the store connects; owned here, met by the module `copies`. */
export type Copies = Pick<ConnectionEvents, "claim" | "taken">;

export interface Sync {
  start(sink: StreamSink): void;
  /** Who waits is told `reason`. */
  stop(reason: Error): Promise<void>;
  live(): boolean;
  /** Why nothing comes any more, where that is so. */
  over(): Error | undefined;
  /** The time by which others judge what this client makes; see `ServerTime`. */
  now(): number;
  /** Begins the streams again at the stored cursors. */
  reread(): void;
  /** Has who waits look again: what was waited for may have ended without anything coming. */
  look(): void;
  /**
   * Resolves once everything is applied that the server held for this client at some moment after
   * the call, the rooms of Welcomes that were waiting included, but for those whose hub cannot be
   * reached. Waits while the server itself cannot be; rejects when the session is over, the client
   * is closed, or it was opened offline.
   */
  caughtUp(): Promise<void>;
  submit(room: RoomUri, request: Bytes): ReturnType<typeof decodeSubmitted>;
  update(room: RoomUri, request: Bytes): ReturnType<typeof decodeUpdated>;
}

const incarnationSetting = "incarnation";
const acknowledgeDelayMs = 100;
/** Of those that wait for it: who is far behind takes in several by one transaction. */
const entriesAtOnce = 32;

export function createSync(
  env: Pick<Env, "now" | "monotonic" | "openSocket" | "timer" | "random" | "log">,
  api: Api,
  store: LocalStore,
  inbox: StreamUri,
  { events, copies }: { readonly events: Events<ClientEvents>; readonly copies: Copies },
): Sync {
  const steps = createSerial();
  const time = createServerTime(env);
  const due = new Set<StreamUri>();
  /** Heads that came in this connection and whose gap comes next. */
  const heads = new Map<StreamUri, SignedHead>();
  let sink: StreamSink | undefined;
  let connection: Connection | undefined;
  let cancelAcknowledging: Cancel | undefined;
  let generation = 0;
  let caughtUp = false;
  const settingBack = createSettingBack(env);
  /** Why nothing will come any more: the session is over, or the client is closing. */
  let over: Error | undefined = new Refusal("unavailable", "the client was opened offline");
  const watchers = new Set<Watcher>();
  const waiting: { readonly frame: StreamFrame; readonly mine: number }[] = [];
  const end = (reason: Error) => {
    over = reason;
    for (const watcher of watchers) watcher.reject(reason);
    watchers.clear();
  };

  const look = () => {
    for (const watcher of watchers) watcher.look();
  };

  /** Frames that came before a restart are passed over: the new stream brings them again. */
  const restart = () => connection?.restart();
  const acknowledgeSoon = (stream: StreamUri) => {
    due.add(stream);
    cancelAcknowledging ??= env.timer(acknowledgeDelayMs, () => {
      cancelAcknowledging = undefined;
      const target = sink;
      if (target === undefined) return;
      steps
        .run(() => flush(target))
        .catch((error: unknown) => {
          // The next acknowledgement, or the next hello, says the same and more.
          env.log.warn("acknowledgement.failed", { error: String(error) });
        });
    });
  };
  const hello = (target: StreamSink) =>
    store.transaction((tx) => ({
      incarnation: tx.settings.get(incarnationSetting),
      cursors: tx.cursors.list().map((cursor) => ({
        stream: parseStreamUri(cursor.stream),
        position: target.readUpTo(tx, cursor),
      })),
    }));
  const flush = async (target: StreamSink) => {
    const streams = [...due];
    due.clear();
    const cursors = await store.transaction((tx) =>
      streams.flatMap((stream) => {
        const cursor = tx.cursors.get(stream);
        return cursor === undefined ? [] : [{ stream, position: target.readUpTo(tx, cursor) }];
      }),
    );
    if (cursors.length === 0) return;
    // What is acknowledged does not come again.
    await store.settle();
    connection?.acknowledge(cursors);
  };

  const apply = async (frame: StreamFrame, mine: number): Promise<void> => {
    if (sink === undefined) return;
    switch (frame.type) {
      case "ready":
        heads.clear();
        // This store's cursors did not count (FED-412): an old one would pass over what its server
        // believes that it has.
        if (await greet(sink, frame.incarnation)) return restart();
        events.emit("state", { state: "catchingUp", remaining: 0 });
        return;
      case "entry": {
        const entries = [frame.entry, ...takeEntries(waiting, mine)];
        for (const { room, applied } of await sink.applyRoomEntries(entries)) {
          if (applied === "again") restart();
          else if (applied === "applied") acknowledgeSoon(room);
        }
        return;
      }
      case "inboxEntry": {
        const entry = inboxEntryCodec.decode(frame.entry);
        const known = await store.transaction((tx) => tx.cursors.get(inbox));
        if (entry.position > (known?.position ?? 0)) await sink.applyInboxEntry(inbox, entry);
        // A room's stream starts only once the inbox entry with its Welcome is acknowledged.
        due.add(inbox);
        // Of what was before it nothing is read any more, whether or not all of it came.
        if (entry.kind === "welcome") due.add(entry.welcome.room);
        await flush(sink);
        return;
      }
      case "caughtUp":
        events.emit("state", { state: "live" });
        await sink.resume();
        caughtUp = mine === generation;
        if (caughtUp) connection?.settled();
        return;
      case "gap":
        await leap(sink, frame);
        acknowledgeSoon(frame.stream);
        return;
      case "refused":
        env.log.warn("stream.refused", { code: frame.code });
        // Until a room is settled again a server that says it was put back refuses what was read of it.
        if (frame.code === "aheadOfStream" && !settingBack.lasts())
          events.emit("fault", serverBehind);
        return;
      case "head":
        heads.set(frame.head.head.room, frame.head);
        return;
      case "stopped":
        await sink.stopped(frame.room);
    }
  };
  /** Answers whether the server has another life behind it than this store knows. */
  const greet = async (target: StreamSink, incarnation: Bytes): Promise<boolean> => {
    const known = await store.transaction((tx) => {
      settingBack.recall(tx);
      return tx.settings.get(incarnationSetting);
    });
    if (known !== undefined && equalBytes(known, incarnation)) return false;
    if (known !== undefined) await target.restored();
    await store.transaction((tx) => {
      tx.settings.put(incarnationSetting, incarnation);
      if (known !== undefined) settingBack.begin(tx);
    });
    if (known !== undefined) events.emit("restored", {});
    return known !== undefined;
  };
  const leap = async (
    target: StreamSink,
    { stream, from, to, reason }: Extract<StreamFrame, { readonly type: "gap" }>,
  ) => {
    const head = heads.get(stream);
    heads.delete(stream);
    await target.applyGap(stream, { from, to, reason, head });
  };

  const begin = (target: StreamSink) => {
    connection = createConnection(env, api, {
      hello: () => hello(target),
      claim: () => copies.claim(),
      taken(answer) {
        time.told(answer);
        return copies.taken(answer);
      },
      frame(frame) {
        waiting.push({ frame, mine: generation });
        void steps.run(async () => {
          const next = waiting.shift();
          // It was taken with one before it, or is of a connection that is no more.
          if (next === undefined || next.mine !== generation) return;
          const { mine } = next;
          try {
            await apply(next.frame, mine);
          } catch (error) {
            // What could not be applied was not acknowledged: it comes again after the restart, and
            // what stands behind it must not be applied before.
            env.log.warn("stream.restart", { error: String(error) });
            if (mine === generation) restart();
          }
          look();
        });
      },
      changed(state) {
        if (state === "open") return;
        // What is still waiting to be applied comes again with the next connection.
        generation += 1;
        caughtUp = false;
        events.emit("state", { state });
      },
      ended(refusal) {
        end(refusal);
        if (refusal.code !== "storeCopied") {
          sink?.over();
          const other = refusal instanceof WrongServer ? { otherServer: refusal.domain } : {};
          events.emit("loginRequired", { reason: refusal.message, ...other });
          return;
        }
        sink?.displaced(refusal);
        events.emit("fault", storeCopied);
      },
    });
    connection.start();
  };

  return {
    start(target) {
      sink = target;
      over = undefined;
      begin(target);
    },
    async stop(reason) {
      end(reason);
      const target = sink;
      sink = undefined;
      if (target !== undefined) {
        await steps
          .run(() => flush(target))
          .catch((error: unknown) => {
            env.log.warn("acknowledgement.failed", { error: String(error) });
          });
      }
      cancelAcknowledging?.();
      generation += 1;
      connection?.stop();
      await steps.idle();
    },
    reread: restart,
    look,
    over: () => over,
    now: () => time.now(),
    live: () => sink !== undefined && (connection?.open() ?? false),
    async caughtUp() {
      const until = (holds: () => Promise<boolean>) => watch(watchers, over, holds);
      await until(async () => caughtUp);
      const { subscriptions } = await api.json(
        "GET",
        paths.subscriptions(),
        subscriptionsAnswerSchema,
      );
      await until(async () => {
        for (const { stream, head } of subscriptions) {
          const cursor = await store.transaction((tx) => tx.cursors.get(stream));
          if ((cursor?.position ?? 0) >= head || (await sink?.ended(stream)) === true) continue;
          return false;
        }
        return true;
      });
      // A room may be over for this client before all is taken in that has come of it.
      await steps.run(() => Promise.resolve());
    },
    submit: (room, request) => ask(connection, "submit", room, request).then(decodeSubmitted),
    update: (room, request) => ask(connection, "update", room, request).then(decodeUpdated),
  };
}

/** Those that come next in the same connection. */
function takeEntries(
  waiting: { readonly frame: StreamFrame; readonly mine: number }[],
  mine: number,
): readonly Bytes[] {
  const taken: Bytes[] = [];
  while (taken.length + 1 < entriesAtOnce) {
    const next = waiting[0];
    if (next?.frame.type !== "entry" || next.mine !== mine) break;
    taken.push(next.frame.entry);
    waiting.shift();
  }
  return taken;
}

const decodeSubmitted = async (bytes: Bytes) => submitMessageResponseCodec.decode(bytes);
const decodeUpdated = async (bytes: Bytes) => updateRoomResponseCodec.decode(bytes);

async function ask(
  connection: Connection | undefined,
  type: "submit" | "update",
  room: RoomUri,
  request: Bytes,
): Promise<Bytes> {
  if (connection === undefined) throw new Refusal("unavailable", "the client is not started");
  return connection.request(type, room, request);
}
