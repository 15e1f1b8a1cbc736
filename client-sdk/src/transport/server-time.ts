import { type Env, LIMITS, type TicketAnswer } from "@treehouse/protocol";

/**
 * The time by which others judge what this client makes: what a clock says that stands before the own
 * server's would count as not valid yet (FED-204).
 */
export interface ServerTime {
  /** Never before what the own server has told; the clock's time where that is later. */
  now(): number;
  told(answer: Pick<TicketAnswer, "expiresAt">): void;
}

export function createServerTime(env: Pick<Env, "now" | "monotonic">): ServerTime {
  let lead: number | undefined;
  return {
    now: () => Math.max(env.now(), lead === undefined ? 0 : lead + env.monotonic()),
    told({ expiresAt }) {
      lead = expiresAt - LIMITS.ticketLifetimeMs - env.monotonic();
    },
  };
}
