import type { Cancel, Env } from "@treehouse/protocol";

/** One timer at a time, which can be set once and cancelled any number of times. */
export interface Alarm {
  /** Does nothing while it is set already. */
  set(delayMs: number, run: () => void): void;
  cancel(): void;
}

/** All timers of the groups, so that none outlives them. */
export interface Alarms {
  create(): Alarm;
  /** Cancels every timer, and those that would be set later. */
  stop(): void;
}

export function createAlarms(env: Pick<Env, "timer">): Alarms {
  const set = new Set<Cancel>();
  let stopped = false;
  return {
    create() {
      let current: Cancel | undefined;
      const clear = () => {
        if (current === undefined) return;
        set.delete(current);
        current = undefined;
      };
      return {
        set(delayMs, run) {
          if (current !== undefined || stopped) return;
          current = env.timer(delayMs, () => {
            clear();
            run();
          });
          set.add(current);
        },
        cancel() {
          current?.();
          clear();
        },
      };
    },
    stop() {
      stopped = true;
      for (const cancel of set) cancel();
      set.clear();
    },
  };
}
