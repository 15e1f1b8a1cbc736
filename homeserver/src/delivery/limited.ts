import { isEphemeralRequest, RATE_LIMITS } from "@treehouse/protocol";
import type { Env } from "@treehouse/protocol";
import { createRateLimiter } from "../platform/index.ts";
import type { Operations } from "./operations.ts";

/** Counts each act against its limit before any work is done for it, and what was accepted. */
export function limited(
  env: Pick<Env, "monotonic" | "metrics">,
  operations: Operations,
): Operations {
  const limiter = (name: keyof typeof RATE_LIMITS) =>
    createRateLimiter(env, RATE_LIMITS[name], name);
  const reserves = limiter("reservePerUser");
  const updates = limiter("updatePerClient");
  const messages = limiter("messagePerClient");
  const ephemerals = limiter("ephemeralPerClient");
  const trees = limiter("treePerClient");
  const accepted = env.metrics.counter(
    "treehouse_delivery_accepted_total",
    "Submissions that were accepted, with those that were repeated.",
    ["kind"],
  );
  return {
    reserve: async (caller, template) => {
      reserves.take(caller.user);
      return operations.reserve(caller, template);
    },
    found: async (caller, room, request) => {
      updates.take(caller.client);
      return operations.found(caller, room, request);
    },
    update: async (caller, room, request) => {
      updates.take(caller.client);
      const answer = await operations.update(caller, room, request);
      accepted.add(1, { kind: "handshake" });
      return answer;
    },
    submit: async (caller, room, request) => {
      const kind = isEphemeralRequest(request) ? "ephemeral" : "message";
      (kind === "ephemeral" ? ephemerals : messages).take(caller.client);
      const answer = await operations.submit(caller, room, request);
      accepted.add(1, { kind });
      return answer;
    },
    leave: async (caller, room, leaver) => {
      updates.take(caller.client);
      return operations.leave(caller, room, leaver);
    },
    tree: async (caller, room, epoch) => {
      trees.take(caller.client);
      return operations.tree(caller, room, epoch);
    },
    groupInfo: async (caller, room, request) => {
      trees.take(caller.client);
      return operations.groupInfo(caller, room, request);
    },
    hubOffer: (caller, room, hub) => operations.hubOffer(caller, room, hub),
    rooms: (caller) => operations.rooms(caller),
  };
}
