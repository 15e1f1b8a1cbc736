import { Refusal } from "@treehouse/protocol";
import type { Env, RateRule } from "@treehouse/protocol";

/** Keeps a steady rate per key. */
export interface RateLimiter {
  /** Counts one act, or refuses it with `rateLimited` and the time after which it would pass. */
  take(key: string, count?: number): void;
  /** Takes back acts that were counted, and then undone: one, unless told otherwise. */
  giveBack(key: string, count?: number): void;
}

/** Keys remembered at most; beyond it those that may act soonest again are forgotten first. */
const keysMax = 50_000;

/**
 * GCRA (ITU-T I.371): per key only the time at which a steady flow would have come to where the key
 * is now. An act passes while that time is less than one burst ahead, so a key that was idle may act
 * `count` times at once and then at the steady rate. Memory is bounded, and what is forgotten under
 * pressure is what restricts least.
 */
export function createRateLimiter(
  env: Pick<Env, "monotonic">,
  rule: RateRule,
  limitName?: string,
): RateLimiter {
  const stepMs = rule.perMs / rule.count;
  const theoretical = new Map<string, number>();

  function forget(now: number): void {
    for (const [key, at] of theoretical) if (at <= now) theoretical.delete(key);
    if (theoretical.size < keysMax) return;
    const soonest = [...theoretical].toSorted((a, b) => a[1] - b[1]);
    for (const [key] of soonest.slice(0, keysMax / 2)) theoretical.delete(key);
  }

  return {
    take(key, count = 1) {
      const now = env.monotonic();
      const at = Math.max(theoretical.get(key) ?? now, now) + count * stepMs;
      const overMs = at - now - rule.perMs;
      // Half a step absorbs the rounding of repeated additions.
      if (overMs > stepMs / 2) {
        throw new Refusal("rateLimited", "Too many requests.", {
          retryAfterMs: Math.ceil(overMs),
          limit: rule.count,
          ...(limitName === undefined ? {} : { limitName }),
        });
      }
      if (!theoretical.has(key) && theoretical.size >= keysMax) forget(now);
      theoretical.set(key, at);
    },
    giveBack(key, count = 1) {
      const at = theoretical.get(key);
      if (at !== undefined) theoretical.set(key, at - count * stepMs);
    },
  };
}
