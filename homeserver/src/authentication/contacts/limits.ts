import { RATE_LIMITS } from "@treehouse/protocol";
import type { Env } from "@treehouse/protocol";
import { createRateLimiter } from "../../platform/index.ts";
import type { RateLimiter } from "../../platform/index.ts";

const names = ["contactRequestPerUser", "contactRequestPerPair", "contactChangePerUser"] as const;

/** The rates of contacts, each taken before any work is done. */
export type ContactLimits = Readonly<Record<(typeof names)[number], RateLimiter>>;

export function createContactLimits(env: Pick<Env, "monotonic">): ContactLimits {
  const limiter = (name: (typeof names)[number]): RateLimiter =>
    createRateLimiter(env, RATE_LIMITS[name], name);
  return {
    contactRequestPerUser: limiter("contactRequestPerUser"),
    contactRequestPerPair: limiter("contactRequestPerPair"),
    contactChangePerUser: limiter("contactChangePerUser"),
  };
}
