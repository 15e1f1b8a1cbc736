import { LIMITS, toBase64Url } from "@treehouse/protocol";
import type { Env } from "@treehouse/protocol";
import type { Session } from "../platform/index.ts";

export type Ticket = { readonly ticket: string; readonly expiresAt: number };

/**
 * Single-use leave to open one socket for a session. A URL ends up in logs and histories, so that a
 * session's token must not stand in it; a ticket is worth nothing after its use or half a minute.
 */
export interface Tickets {
  mint(session: Session): Ticket;
  /** The session if the ticket is good; it is used up either way. */
  redeem(ticket: string): Session | undefined;
  /** Makes all tickets of a session void. */
  revoke(sessionId: string): void;
}

/** Tickets that wait to be used; beyond it the oldest are void. */
const ticketsMax = 50_000;

export function createTickets(env: Pick<Env, "now" | "monotonic" | "random">): Tickets {
  /** In the order of their expiry. */
  const open = new Map<string, { readonly session: Session; readonly until: number }>();

  function forgetOld(): void {
    const now = env.monotonic();
    for (const [ticket, { until }] of open) {
      if (until > now && open.size < ticketsMax) return;
      open.delete(ticket);
    }
  }

  return {
    mint(session) {
      forgetOld();
      const ticket = toBase64Url(env.random(32));
      open.set(ticket, { session, until: env.monotonic() + LIMITS.ticketLifetimeMs });
      return { ticket, expiresAt: env.now() + LIMITS.ticketLifetimeMs };
    },
    redeem(ticket) {
      const found = open.get(ticket);
      open.delete(ticket);
      return found !== undefined && found.until > env.monotonic() ? found.session : undefined;
    },
    revoke(sessionId) {
      for (const [ticket, { session }] of open) if (session.id === sessionId) open.delete(ticket);
    },
  };
}
