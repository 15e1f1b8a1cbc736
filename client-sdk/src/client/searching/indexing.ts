import type { Env } from "@treehouse/protocol";

import type { LocalStore } from "../../storage/index.ts";

/** Messages of one slice: a transaction of some 50 ms, so that nobody waits for long. */
export const sliceMessages = 500;

export interface Indexing {
  /** Looks whether there is something to be indexed. */
  look(): void;
  stop(): void;
}

/**
 * Brings what was in the store before there was an index into it, slice by slice, and again whenever the
 * index has to be made anew. Goes on at the next opening where it was stopped.
 */
export function startIndexing(env: Pick<Env, "timer" | "log">, store: LocalStore): Indexing {
  let cancel: (() => void) | undefined;
  let stopped = false;
  const next = async (): Promise<void> => {
    if (stopped) return;
    const { done, total } = await store.transaction((tx) => tx.search.indexSlice(sliceMessages));
    if (done < total) later();
  };
  const later = (): void => {
    if (stopped || cancel !== undefined) return;
    cancel = env.timer(0, () => {
      cancel = undefined;
      next().catch((error: unknown) => {
        if (!stopped) env.log.warn("search.notIndexed", { error: String(error) });
      });
    });
  };
  later();
  return {
    look: later,
    stop() {
      stopped = true;
      cancel?.();
    },
  };
}
