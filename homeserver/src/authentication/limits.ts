import { type Env, RATE_LIMITS, type RateRule } from "@treehouse/protocol";
import { createAddressLimiter, createRateLimiter, type RateLimiter } from "../platform/index.ts";
import { createLoginTries, type LoginTries } from "./login/index.ts";
import { resetRates } from "./reset/index.ts";

const names = ["loginPerUser", "lookupPerSession"] as const;
const addressNames = ["loginPerAddress", "lookupPerAddress"] as const;

/** Registrations that are begun, by network address, unless the operator allows more. */
export const registrationRate: RateRule = { count: 6, perMs: 180_000 };

/** Requests that need the client's signature, by session. */
export const proofPerSession: RateRule = { count: 60, perMs: 60_000 };

/** Reads and writes of account data, by user: a new client reads all records at once. */
const accountDataPerUser: RateRule = { count: 600, perMs: 60_000 };

/** The rates of this module, each taken before any work is done. */
export type AuthenticationLimits = Readonly<
  Record<
    | (typeof names)[number]
    | (typeof addressNames)[number]
    | "registrationPerAddress"
    | "proofPerSession"
    | "accountDataPerUser"
    | keyof typeof resetRates,
    RateLimiter
  >
> & { readonly loginTries: LoginTries };

export function createLimits(
  env: Pick<Env, "monotonic">,
  registrationPerAddress: RateRule = registrationRate,
): AuthenticationLimits {
  const limiter = (name: (typeof names)[number]): RateLimiter =>
    createRateLimiter(env, RATE_LIMITS[name], name);
  const byAddress = (name: (typeof addressNames)[number]): RateLimiter =>
    createAddressLimiter(env, RATE_LIMITS[name], name);
  return {
    loginTries: createLoginTries(env),
    loginPerUser: limiter("loginPerUser"),
    loginPerAddress: byAddress("loginPerAddress"),
    registrationPerAddress: createAddressLimiter(
      env,
      registrationPerAddress,
      "registrationPerAddress",
    ),
    proofPerSession: createRateLimiter(env, proofPerSession, "proofPerSession"),
    lookupPerSession: limiter("lookupPerSession"),
    lookupPerAddress: byAddress("lookupPerAddress"),
    resetPerUser: createRateLimiter(env, resetRates.resetPerUser, "resetPerUser"),
    resetPerAddress: createAddressLimiter(env, resetRates.resetPerAddress, "resetPerAddress"),
    accountDataPerUser: createRateLimiter(env, accountDataPerUser, "accountDataPerUser"),
  };
}
