import {
  RATE_LIMITS,
  routes as paths,
  ticketAnswerSchema,
  ticketRequestSchema,
} from "@treehouse/protocol";
import type { Env } from "@treehouse/protocol";
import { createRateLimiter, jsonAnswer, jsonBody, route } from "../platform/index.ts";
import type { Route } from "../platform/index.ts";
import { closeCodes } from "./close.ts";
import type { Connections } from "./connections.ts";
import type { Stores } from "./ports.ts";
import type { Tickets } from "./tickets.ts";

export function routes({
  env,
  tickets,
  stores,
  connections,
}: {
  readonly env: Pick<Env, "monotonic">;
  readonly tickets: Tickets;
  readonly stores: Stores;
  readonly connections: Connections;
}): readonly Route[] {
  const rate = createRateLimiter(env, RATE_LIMITS.ticketPerSession, "ticketPerSession");
  return [
    route({
      method: "POST",
      path: paths.tickets,
      access: "session",
      summary:
        "A single-use ticket that opens one WebSocket at /v1/stream?ticket=…, for one of the copies " +
        "of the client's store",
      body: jsonBody(ticketRequestSchema),
      answer: jsonAnswer(ticketAnswerSchema),
      handle: async ({ session, body: { store } }) => {
        rate.take(session.id);
        if (store === undefined) return tickets.mint(session);
        const isConnected = connections.of(session.client) !== undefined;
        const taken = await stores.takeStore(session, { ...store, isConnected });
        // From now on no other copy is heard, whatever it was let in with before.
        tickets.revoke(session.id);
        const former = connections.of(session.client);
        if (former !== undefined) connections.end(former, closeCodes.replaced);
        return { ...tickets.mint(session), ...taken };
      },
    }),
  ];
}
