import { RATE_LIMITS } from "@treehouse/protocol";
import type { Env } from "@treehouse/protocol";
import { createRateLimiter } from "../platform/index.ts";
import type { RateLimiter } from "../platform/index.ts";

const names = ["loginPerUser", "loginPerAddress", "lookupPerSession", "lookupPerAddress"] as const;

/** The rates of this module, each taken before any work is done. */
export type AuthenticationLimits = Readonly<Record<(typeof names)[number], RateLimiter>>;

export function createLimits(env: Pick<Env, "monotonic">): AuthenticationLimits {
  const limiter = (name: (typeof names)[number]): RateLimiter =>
    createRateLimiter(env, RATE_LIMITS[name], name);
  return {
    loginPerUser: limiter("loginPerUser"),
    loginPerAddress: limiter("loginPerAddress"),
    lookupPerSession: limiter("lookupPerSession"),
    lookupPerAddress: limiter("lookupPerAddress"),
  };
}
