import { RATE_LIMITS, Refusal } from "@treehouse/protocol";
import type { Env, UserUri } from "@treehouse/protocol";
import { createRateLimiter, networksOf } from "../../platform/index.ts";

/**
 * Counts the logins to an account, from one network address and the networks around it, that led to no
 * session. With OPAQUE the asker learns from the server's first answer whether the password was right, so
 * a guess is a start: whoever never finishes guesses just as well. Accounts that do not exist are counted
 * alike.
 *
 * From all networks together in which the user was not seen, starts have a steady rate: who guesses from
 * many is slowed, and whoever logs in from where she is known does not wait for it.
 */
export interface LoginTries {
  /** Counts one, or refuses it with `rateLimited` and the time after which it would pass. */
  take(user: UserUri, address: string): void;
  /** The user got a session, from wherever: what was counted against her is forgotten. */
  succeeded(user: UserUri): void;
  /** A session of the user was used from there. */
  seen(user: UserUri, address: string): void;
}

const MINUTE = 60_000;

export const LOGIN_TRIES = {
  /** Starts without a session that nobody has to wait for. */
  freeMax: 5,
  /** The same by width of network: a line, a household, a site. */
  widths: [1, 4, 16],
  /** The wait after them; it doubles with each one after it. */
  waitFirstMs: MINUTE,
  waitMostMs: 60 * MINUTE,
  /** Without a try for so long after a wait, the count begins anew. */
  forgottenMs: 60 * MINUTE,
  /** Accounts remembered at most; beyond it those that were tried longest ago are forgotten. */
  usersMax: 50_000,
  /** The same, of networks of one account. */
  networksPerUserMax: 3_000,
  /** Networks in which a user was seen lately; more are forgotten, and none outlives the process. */
  seenPerUserMax: 16,
} as const;

type Tries = { readonly count: number; readonly mayAt: number };

export function createLoginTries(env: Pick<Env, "monotonic">): LoginTries {
  const byUser = new Map<UserUri, Map<string, Tries>>();
  const seenIn = new Map<UserUri, Map<string, true>>();
  const rule = RATE_LIMITS.loginElsewherePerUser;
  const elsewhere = createRateLimiter(env, rule, "loginElsewherePerUser");

  return {
    take(user, address) {
      const now = env.monotonic();
      const isKnown = seenIn.get(user)?.has(homeOf(address)) === true;
      // Who is known there does not answer for the neighbours.
      const networks = isKnown ? networksOf(address).slice(0, 1) : networksOf(address);
      const tried = byUser.get(user) ?? new Map<string, Tries>();
      for (const [width, network] of networks.entries()) {
        const mayAt = tried.get(network)?.mayAt ?? now;
        if (mayAt > now) throw limited(mayAt - now, freeIn(width));
      }
      if (!isKnown) elsewhere.take(user);
      for (const [width, network] of networks.entries()) {
        const found = tried.get(network);
        const isOld = found === undefined || now - found.mayAt >= LOGIN_TRIES.forgottenMs;
        const count = isOld ? 1 : found.count + 1;
        putLast(tried, network, { count, mayAt: now + waitAfter(count, freeIn(width)) });
        dropEldest(tried, LOGIN_TRIES.networksPerUserMax);
      }
      putLast(byUser, user, tried);
      dropEldest(byUser, LOGIN_TRIES.usersMax);
    },
    succeeded(user) {
      byUser.delete(user);
    },
    seen(user, address) {
      const home = homeOf(address);
      const homes = seenIn.get(user) ?? new Map<string, true>();
      if (homes.has(home)) return;
      putLast(homes, home, true);
      dropEldest(homes, LOGIN_TRIES.seenPerUserMax);
      putLast(seenIn, user, homes);
      dropEldest(seenIn, LOGIN_TRIES.usersMax);
    },
  };
}

/** A household's network changes its lines, and an IPv4 address is one of its own. */
function homeOf(address: string): string {
  const [line = address, household = line] = networksOf(address);
  return household;
}

function freeIn(width: number): number {
  return LOGIN_TRIES.freeMax * (LOGIN_TRIES.widths[width] ?? 1);
}

function waitAfter(count: number, freeMax: number): number {
  const { waitFirstMs, waitMostMs } = LOGIN_TRIES;
  return count < freeMax ? 0 : Math.min(waitFirstMs * 2 ** (count - freeMax), waitMostMs);
}

function limited(waitMs: number, limit: number): Refusal {
  return new Refusal("rateLimited", "too many logins to this account that led to no session", {
    retryAfterMs: Math.ceil(waitMs),
    limitName: "loginTries",
    limit,
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
