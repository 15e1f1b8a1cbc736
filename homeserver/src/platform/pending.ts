import { LIMITS, toBase64Url } from "@treehouse/protocol";
import type { Env } from "@treehouse/protocol";

/**
 * Exchanges that wait for their second message, in memory only: a restart ends them, and the
 * client begins again. Bounded: when full, the oldest makes room, so that whoever floods the
 * server has to outrun the honest client's own key stretching to hurt it.
 */
export interface Pending<T> {
  add(value: T): { readonly id: string; readonly expiresAt: number };
  /** Undefined when unknown, used or expired. */
  peek(id: string): T | undefined;
  /** As `peek`, and never again. */
  take(id: string): T | undefined;
}

export function createPending<T>(env: Pick<Env, "now" | "random">): Pending<T> {
  // Insertion order is expiry order, for all live equally long.
  const waiting = new Map<string, { readonly value: T; readonly expiresAt: number }>();

  const makeRoom = (now: number): void => {
    for (const [id, { expiresAt }] of waiting) {
      if (expiresAt > now && waiting.size < LIMITS.loginsPendingMax) return;
      waiting.delete(id);
    }
  };
  const peek = (id: string): T | undefined => {
    const found = waiting.get(id);
    return found && found.expiresAt > env.now() ? found.value : undefined;
  };

  return {
    add: (value) => {
      const now = env.now();
      makeRoom(now);
      const id = toBase64Url(env.random(16));
      const expiresAt = now + LIMITS.loginLifetimeMs;
      waiting.set(id, { value, expiresAt });
      return { id, expiresAt };
    },
    peek,
    take: (id) => {
      const value = peek(id);
      waiting.delete(id);
      return value;
    },
  };
}
