import type { ClientEvents, Events } from "../events/index.ts";
import { withChanges } from "../groups/index.ts";
import type { LocalStore } from "../storage/index.ts";
import type { Expiry } from "./expiry.ts";
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

/**
 * Others' messages in the order of arrival, from where this store's handlers stopped. A message is
 * marked as handled when the next one is asked for: if the loop's body throws, or the process
 * ends, the message comes again. Ends when the caller's signal or `life`, the client's, is aborted.
 */
export async function* unhandledMessages(
  store: LocalStore,
  events: Events<ClientEvents>,
  options: MessagesOptions,
  life: AbortSignal,
  expiry: Pick<Expiry, "purge" | "isOver">,
): AsyncGenerator<Message, void, undefined> {
  const { drain = false, conversations } = options;
  const signal = options.signal === undefined ? life : AbortSignal.any([options.signal, life]);
  let after = 0;
  let wake: () => void = () => undefined;
  let stored = false;
  const stop = events.on("stored", () => {
    stored = true;
    wake();
  });
  const abort = () => wake();
  signal.addEventListener("abort", abort);
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
        if (conversations?.includes(row.room) === false) continue;
        if (!expiry.isOver(row)) yield messageOf(row);
        // Too late when the client was closed during the handler's turn: the message comes again.
        if (life.aborted) return;
        await store.transaction((tx) => tx.messages.markHandled(row.serial));
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
  }
}

/** Asked anew each time: to the compiler, `aborted` would stay what it was. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
