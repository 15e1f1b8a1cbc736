import type { Env, RateRule } from "@treehouse/protocol";
import { networkAllowances, networksOf } from "./networks.ts";
import { createRateLimiter, type RateLimiter } from "./rate-limit.ts";

/** Keeps a steady rate per network address, and rising ones for the networks around it. */
export function createAddressLimiter(
  env: Pick<Env, "monotonic">,
  rule: RateRule,
  limitName: string,
): RateLimiter {
  const limiters = networkAllowances.map((times) =>
    createRateLimiter(env, { ...rule, count: rule.count * times }, limitName),
  );
  const eachOf = (address: string): readonly [RateLimiter, string][] =>
    networksOf(address).flatMap((network, width) => {
      const limiter = limiters[width];
      return limiter === undefined ? [] : [[limiter, network]];
    });

  return {
    take(address, count = 1) {
      const taken: [RateLimiter, string][] = [];
      try {
        for (const [limiter, network] of eachOf(address)) {
          limiter.take(network, count);
          taken.push([limiter, network]);
        }
      } catch (error) {
        // What is refused counts nowhere.
        for (const [limiter, network] of taken) limiter.giveBack(network, count);
        throw error;
      }
    },
    giveBack(address, count) {
      for (const [limiter, network] of eachOf(address)) limiter.giveBack(network, count);
    },
  };
}
