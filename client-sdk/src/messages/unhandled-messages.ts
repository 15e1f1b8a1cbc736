import type { ClientEvents, Events } from "../events/index.ts";
import { withChanges } from "../groups/index.ts";
import type { LocalStore } from "../storage/index.ts";
import type { Expiry } from "./expiry.ts";
import type { Loops } from "./loops.ts";
import { type Message, messageOf } from "./message.ts";

/** Which messages a loop gets, and when it ends. */
export type MessagesOptions = {
  /** Ends the loop. */
  readonly signal?: AbortSignal | undefined;
  /** Ends the loop once everything stored was handed out, instead of waiting for more. */
  readonly drain?: boolean | undefined;
  /** Ids; the messages of others stay for another loop. */
  readonly conversations?: readonly string[] | undefined;
};

const pageSize = 100;

/** The store that is looped over, and what runs over it. */
export type Looped = {
  readonly store: LocalStore;
  readonly events: Events<ClientEvents>;
  readonly expiry: Pick<Expiry, "purge" | "isOver">;
  readonly loops: Loops;
  /** The client's. */
  readonly life: AbortSignal;
};

/**
 * Others' messages in the order of arrival, from where this store's handlers stopped. A message is
 * dealt with when the next one is asked for: if the loop's body throws, or the process ends, the
 * message comes again. Several loops get every message each; see `Loops`. Ends when the caller's
 * signal or `life` is aborted, and at once when the caller goes.
 */
export function unhandledMessages(
  looped: Looped,
  options: MessagesOptions,
): AsyncIterableIterator<Message, void, undefined> {
  const gone = new AbortController();
  const ends = [
    looped.life,
    gone.signal,
    ...(options.signal === undefined ? [] : [options.signal]),
  ];
  const generator = iterate(looped, options, AbortSignal.any(ends));
  return {
    next: () => generator.next(),
    return() {
      // A generator that waits for messages would only hear of it after the next one.
      gone.abort();
      return generator.return();
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

async function* iterate(
  { store, events, expiry, loops, life }: Looped,
  { drain = false, conversations }: MessagesOptions,
  signal: AbortSignal,
): AsyncGenerator<Message, void, undefined> {
  let after = 0;
  let wake: () => void = () => undefined;
  let stored = false;
  const stop = events.on("stored", () => {
    stored = true;
    wake();
  });
  const abort = () => wake();
  signal.addEventListener("abort", abort);
  const loop = loops.begin((room) => conversations?.includes(room) !== false);
  const mark = async (serials: readonly number[]) => {
    if (serials.length === 0) return;
    await store.transaction((tx) => {
      for (const serial of serials) tx.messages.markHandled(serial);
    });
  };
  try {
    for (;;) {
      if (isAborted(signal)) return;
      stored = false;
      await expiry.purge();
      const rows = await store.transaction((tx) =>
        tx.messages.unhandled(after, pageSize).map((row) => withChanges(tx, row)),
      );
      for (const row of rows) {
        if (isAborted(signal)) return;
        after = row.serial;
        if (!loop.takes(row.room)) continue;
        if (!expiry.isOver(row)) yield messageOf(row);
        // Too late when the client was closed during the handler's turn: the message comes again.
        if (life.aborted) return;
        await mark(loops.finish(loop, row.serial, row.room));
      }
      if (rows.length > 0 || stored) continue;
      if (drain) return;
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (stored || isAborted(signal)) resolve();
      });
    }
  } finally {
    stop();
    signal.removeEventListener("abort", abort);
    const settled = loops.end(loop);
    if (!life.aborted) await mark(settled);
  }
}

/** Asked anew each time: to the compiler, `aborted` would stay what it was. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
