import { RATE_LIMITS } from "@treehouse/protocol";
import type { Env } from "@treehouse/protocol";
import { createAddressLimiter, createRateLimiter } from "../platform/index.ts";

/** Bounds how many names that nobody proved yet this server looks up because of a request. */
export interface StrangerLimits {
  /** Refuses "rateLimited". */
  take(address: string): void;
}

export function createStrangerLimits(env: Pick<Env, "monotonic">): StrangerLimits {
  const perAddress = createAddressLimiter(
    env,
    RATE_LIMITS.discoveryPerAddress,
    "discoveryPerAddress",
  );
  const together = createRateLimiter(env, RATE_LIMITS.discoveryOfStrangers, "discoveryOfStrangers");
  return {
    take(address) {
      perAddress.take(address);
      together.take("all");
    },
  };
}
