import { SdkError } from "../errors/index.ts";

/** What goes up and down: closing ends all of it, and waits until it has ended. */
export interface Transfers {
  /** Aborted when they are ended. */
  readonly life: AbortSignal;
  /** Aborted when they are ended, and with the caller's own signal. */
  signal(own: AbortSignal | undefined): AbortSignal;
  /** Rejects with `closed` whatever has not come to its end by then. */
  run<T>(transfer: () => Promise<T>): Promise<T>;
  /** Resolves when nothing is under way any more. */
  stop(): Promise<void>;
}

export function createTransfers(): Transfers {
  const ending = new AbortController();
  const life = ending.signal;
  const running = new Set<Promise<unknown>>();
  const ended = async <T>(transfer: () => Promise<T>): Promise<T> => {
    try {
      if (!life.aborted) return await transfer();
    } catch (cause) {
      throw life.aborted ? closed(cause) : cause;
    }
    throw closed();
  };
  return {
    life,
    signal: (own) => (own === undefined ? life : AbortSignal.any([life, own])),
    async run(transfer) {
      const under = ended(transfer);
      running.add(under);
      try {
        return await under;
      } finally {
        running.delete(under);
      }
    },
    async stop() {
      ending.abort();
      await Promise.allSettled(running);
    },
  };
}

function closed(cause?: unknown): SdkError {
  return new SdkError("closed", "the client was closed before the transfer was complete", {
    help:
      "Ask for it again when the client is open again; an upload with a `resumeKey` goes on where " +
      "it was.",
    data: { stored: false },
    cause,
  });
}
