import { type Env, NetworkFault, Refusal } from "@treehouse/protocol";

import { SdkError } from "../errors/index.ts";

/** Waits between attempts, longer and longer, until one succeeds. */
export interface Patience {
  /** Waits before the next attempt; throws the error if it is one that no repetition mends. */
  after(error: unknown): Promise<void>;
  /** Something went well: the next wait is a short one. */
  progressed(): void;
}

const firstMs = 250;
const mostMs = 15_000;

/**
 * `triesMax` failures in a row are too many. An aborted signal ends every wait with the error
 * `aborted`.
 */
export function createPatience(
  env: Pick<Env, "timer">,
  signal: AbortSignal | undefined,
  triesMax = Number.POSITIVE_INFINITY,
): Patience {
  let failures = 0;
  return {
    async after(error) {
      throwIfAborted(signal);
      failures += 1;
      if (!isPassing(error) || failures >= triesMax) throw error;
      const told = error instanceof Refusal ? error.data.retryAfterMs : undefined;
      await sleep(env, told ?? Math.min(mostMs, firstMs * 2 ** (failures - 1)), signal);
    },
    progressed() {
      failures = 0;
    },
  };
}

/** What may be otherwise in a while, without anybody doing anything. */
export function isPassing(error: unknown): boolean {
  if (error instanceof NetworkFault) return true;
  if (!(error instanceof Refusal)) return false;
  const { code }: Refusal = error;
  return passing.has(code);
}

const passing: ReadonlySet<string> = new Set([
  "rateLimited",
  "unavailable",
  "peerUnreachable",
  "peerLimited",
]);

export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw aborted();
}

/** What has come by the time of the signal; what comes later is passed over. */
export async function unlessAborted<T>(
  signal: AbortSignal | undefined,
  coming: Promise<T>,
): Promise<T> {
  if (signal === undefined) return coming;
  const heard = new AbortController();
  try {
    return await Promise.race([
      coming,
      new Promise<never>((_, reject) => {
        const give = () => reject(aborted());
        if (signal.aborted) give();
        else signal.addEventListener("abort", give, { once: true, signal: heard.signal });
      }),
    ]);
  } finally {
    heard.abort();
  }
}

async function sleep(
  env: Pick<Env, "timer">,
  delayMs: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  let cancel = (): void => undefined;
  const over = new Promise<void>((resolve) => {
    cancel = env.timer(delayMs, resolve);
  });
  try {
    await unlessAborted(signal, over);
  } finally {
    cancel();
  }
}

function aborted(): SdkError {
  return new SdkError("aborted", "the transfer was aborted");
}
