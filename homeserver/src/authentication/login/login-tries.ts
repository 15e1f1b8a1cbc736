import { Refusal } from "@treehouse/protocol";
import type { Env, UserUri } from "@treehouse/protocol";

/**
 * Counts the logins to an account, from one network address, that led to no session. With OPAQUE the
 * asker learns from the server's first answer whether the password was right, so a guess is a start:
 * whoever never finishes guesses just as well. Accounts that do not exist are counted alike.
 */
export interface LoginTries {
  /** Counts one, or refuses it with `rateLimited` and the time after which it would pass. */
  take(user: UserUri, address: string): void;
  /** The user got a session, from wherever: what was counted against her is forgotten. */
  succeeded(user: UserUri): void;
}

const MINUTE = 60_000;

export const LOGIN_TRIES = {
  /** Starts without a session that nobody has to wait for. */
  freeMax: 5,
  /** The wait after them; it doubles with each one after it. */
  waitFirstMs: MINUTE,
  waitMostMs: 60 * MINUTE,
  /** Without a try for so long after a wait, the count begins anew. */
  forgottenMs: 60 * MINUTE,
  /** Accounts remembered at most; beyond it those that were tried longest ago are forgotten. */
  usersMax: 50_000,
  /** The same, of addresses of one account. */
  addressesPerUserMax: 1_000,
} as const;

type Tries = { readonly count: number; readonly mayAt: number };

export function createLoginTries(env: Pick<Env, "monotonic">): LoginTries {
  const byUser = new Map<UserUri, Map<string, Tries>>();

  return {
    take(user, address) {
      const now = env.monotonic();
      const addresses = byUser.get(user) ?? new Map<string, Tries>();
      const found = addresses.get(address);
      if (found !== undefined && found.mayAt > now) throw limited(found.mayAt - now);
      const isOld = found === undefined || now - found.mayAt >= LOGIN_TRIES.forgottenMs;
      const count = isOld ? 1 : found.count + 1;
      putLast(addresses, address, { count, mayAt: now + waitAfter(count) });
      putLast(byUser, user, addresses);
      dropEldest(addresses, LOGIN_TRIES.addressesPerUserMax);
      dropEldest(byUser, LOGIN_TRIES.usersMax);
    },
    succeeded(user) {
      byUser.delete(user);
    },
  };
}

function waitAfter(count: number): number {
  const { freeMax, waitFirstMs, waitMostMs } = LOGIN_TRIES;
  return count < freeMax ? 0 : Math.min(waitFirstMs * 2 ** (count - freeMax), waitMostMs);
}

function limited(waitMs: number): Refusal {
  return new Refusal("rateLimited", "too many logins to this account that led to no session", {
    retryAfterMs: Math.ceil(waitMs),
    limitName: "loginTries",
    limit: LOGIN_TRIES.freeMax,
  });
}

function putLast<K, V>(map: Map<K, V>, key: K, value: V): void {
  map.delete(key);
  map.set(key, value);
}

function dropEldest<K, V>(map: Map<K, V>, max: number): void {
  if (map.size <= max) return;
  for (const eldest of map.keys()) {
    map.delete(eldest);
    return;
  }
}
