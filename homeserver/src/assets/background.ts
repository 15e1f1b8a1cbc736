import type { Env } from "@treehouse/protocol";
import { errorFields } from "../platform/index.ts";

/** Work that follows from what was done, and that nobody waits for. */
export interface Background {
  /** Answers how to have it run: once more after each call, however many there are meanwhile. */
  work(name: string, run: () => Promise<void>): () => void;
  /** Begins nothing more, and resolves when what runs has ended. */
  close(): Promise<void>;
}

export function createBackground(env: Pick<Env, "log">): Background {
  const running = new Set<Promise<void>>();
  const state = { closed: false };

  async function perform(name: string, run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      env.log.error("jobFailed", { job: name, ...errorFields(error) });
    }
  }

  return {
    work(name, run) {
      const own = { wanted: false, active: false };
      const go = async (): Promise<void> => {
        own.active = true;
        while (own.wanted && !state.closed) {
          own.wanted = false;
          await perform(name, run);
        }
        own.active = false;
      };
      return () => {
        own.wanted = true;
        if (own.active || state.closed) return;
        const turn = go().finally(() => running.delete(turn));
        running.add(turn);
      };
    },
    async close() {
      state.closed = true;
      await Promise.all(running);
    },
  };
}
