import type { Cancel, Env } from "@treehouse/protocol";
import { errorFields } from "./env/log.ts";

/** Work that comes back. */
export interface Jobs {
  /**
   * Runs a job again and again, about `intervalMs` after its last run ended, the first time after
   * one interval. A run that fails is logged and comes again like any other.
   */
  every(name: string, intervalMs: number, run: () => Promise<void> | void): void;
  /** Starts nothing more and resolves when what runs has ended. Idempotent. */
  close(): Promise<void>;
}

/** Share of the interval by which runs are spread, so that jobs and servers fall out of step. */
const jitter = 0.1;

export function createJobs(env: Pick<Env, "timer" | "random" | "log">): Jobs {
  const cancels = new Map<string, Cancel>();
  const running = new Set<Promise<void>>();
  let closed = false;

  function schedule(name: string, intervalMs: number, run: () => Promise<void> | void): void {
    if (closed) return;
    const [octet = 128] = env.random(1);
    const factor = 1 - jitter + (2 * jitter * octet) / 255;
    cancels.set(
      name,
      env.timer(intervalMs * factor, () => {
        const turn = perform(name, run);
        running.add(turn);
        void comeBack(turn, () => schedule(name, intervalMs, run));
      }),
    );
  }

  async function comeBack(turn: Promise<void>, again: () => void): Promise<void> {
    await turn;
    running.delete(turn);
    again();
  }

  async function perform(name: string, run: () => Promise<void> | void): Promise<void> {
    try {
      await run();
    } catch (error) {
      env.log.error("jobFailed", { job: name, ...errorFields(error) });
    }
  }

  return {
    every: schedule,
    async close() {
      closed = true;
      for (const cancel of cancels.values()) cancel();
      await Promise.all(running);
    },
  };
}
