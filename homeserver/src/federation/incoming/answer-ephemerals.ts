import { ephemeralAnswerCodec, ephemeralBatchCodec, RATE_LIMITS } from "@treehouse/protocol";
import type { Bytes, Domain } from "@treehouse/protocol";
import { createRateLimiter } from "../../platform/index.ts";
import type { FederationContext } from "../context.ts";
import type { FollowedRooms } from "../ports.ts";

/** Takes an encoded `EphemeralBatch` of a peer and answers an encoded `EphemeralAnswer`. */
export type EphemeralsAnswerer = (peer: Domain, body: Bytes) => Promise<Bytes>;

/** Passes on what hubs of followed rooms push; refuses `rateLimited`, and nothing else (FED-863). */
export function createEphemeralsAnswerer(
  { env }: Pick<FederationContext, "env">,
  followed: Pick<FollowedRooms<never>, "pass">,
): EphemeralsAnswerer {
  const rate = createRateLimiter(env, RATE_LIMITS.ephemeralPerPeer, "ephemeralPerPeer");
  return async (peer, body) => {
    // Views of the body, which belongs to this request alone.
    const { entries } = ephemeralBatchCodec.decode(body, "sliced");
    rate.take(peer, entries.length);
    for (const entry of entries) await followed.pass(peer, entry);
    return ephemeralAnswerCodec.encode({});
  };
}
