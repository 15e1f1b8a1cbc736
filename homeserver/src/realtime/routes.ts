import { RATE_LIMITS, routes as paths, ticketAnswerSchema } from "@treehouse/protocol";
import type { Env } from "@treehouse/protocol";
import { createRateLimiter, jsonAnswer, route } from "../platform/index.ts";
import type { Route } from "../platform/index.ts";
import type { Tickets } from "./tickets.ts";

export function routes(env: Pick<Env, "monotonic">, tickets: Tickets): readonly Route[] {
  const rate = createRateLimiter(env, RATE_LIMITS.ticketPerSession, "ticketPerSession");
  return [
    route({
      method: "POST",
      path: paths.tickets,
      access: "session",
      summary: "A single-use ticket that opens one WebSocket at /v1/stream?ticket=…",
      answer: jsonAnswer(ticketAnswerSchema),
      handle: ({ session }) => {
        rate.take(session.id);
        return tickets.mint(session);
      },
    }),
  ];
}
