import type { Env } from "@treehouse/protocol";
import { Refusal } from "@treehouse/protocol";

/** Acts that may take longer than a request should: who asks again joins the one under way. */
export interface LongActs {
  /** Resolves with what the act gave; refuses `unavailable` while it goes on. */
  join<T>(key: string, run: () => Promise<T>): Promise<T>;
}

const waitMs = 10_000;
const retryAfterMs = 500;
/** How long an outcome waits for whoever asks again. */
const keptMs = 600_000;

export function createLongActs(env: Pick<Env, "timer">): LongActs {
  const acts = new Map<string, Promise<unknown>>();

  return {
    async join<T>(key: string, run: () => Promise<T>): Promise<T> {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- one key, one kind of act.
      const act = (acts.get(key) ?? run()) as Promise<T>;
      if (!acts.has(key)) {
        acts.set(key, act);
        act.then(undefined, () => undefined);
      }
      const late = Promise.withResolvers<undefined>();
      const cancel = env.timer(waitMs, () => late.resolve(undefined));
      let settled = false;
      try {
        const first = await Promise.race([
          act.then((value) => ({ value })).finally(() => (settled = true)),
          late.promise,
        ]);
        if (first === undefined) {
          throw new Refusal("unavailable", "This takes longer; ask again.", { retryAfterMs });
        }
        return first.value;
      } finally {
        cancel();
        if (settled) acts.delete(key);
        else env.timer(keptMs, () => acts.delete(key));
      }
    },
  };
}
