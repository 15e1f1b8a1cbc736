/**
 * Rendezvous lets two clients of a user meet that know nothing of each other but a code: one that is
 * new, and one that approves it (decision 0025).
 *
 * It keeps mailboxes in memory for ten minutes. It promises: only sessions of the named user and
 * whoever opened a mailbox get to it; each message is written once, by the side whose turn it is; and
 * what a code is guessed with is spent by the first guess. It reads nothing: what it carries is sealed
 * between the two, and it must gain nothing by changing it.
 */
import type { Domain, Env, RateRule } from "@treehouse/protocol";
import { createAddressLimiter, createRateLimiter } from "../platform/index.ts";
import type { Route } from "../platform/index.ts";
import { createMailboxes } from "./mailboxes.ts";
import { rendezvousRoutes } from "./routes.ts";

/** Mailboxes opened, by network address. */
const rendezvousPerAddress: RateRule = { count: 30, perMs: 600_000 };
/** Steps of new clients, by network address. */
const rendezvousStepsPerAddress: RateRule = { count: 120, perMs: 60_000 };
/** Steps of approving clients, by user: a mistyped code is one. */
const rendezvousStepsPerUser: RateRule = { count: 60, perMs: 60_000 };

export interface Rendezvous {
  readonly routes: readonly Route[];
  /** Answers everybody who waits, so that the listener can close. */
  close(): void;
}

export function createRendezvous(options: {
  readonly env: Pick<Env, "now" | "monotonic" | "random" | "timer">;
  readonly domain: Domain;
}): Rendezvous {
  const { domain, env } = options;
  const mailboxes = createMailboxes(env);
  const limits = {
    perAddress: createAddressLimiter(env, rendezvousPerAddress, "rendezvousPerAddress"),
    stepsPerAddress: createAddressLimiter(
      env,
      rendezvousStepsPerAddress,
      "rendezvousStepsPerAddress",
    ),
    stepsPerUser: createRateLimiter(env, rendezvousStepsPerUser, "rendezvousStepsPerUser"),
  };
  return {
    routes: rendezvousRoutes(domain, mailboxes, limits),
    close: () => mailboxes.stop(),
  };
}
