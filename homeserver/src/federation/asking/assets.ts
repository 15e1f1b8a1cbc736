import { LIMITS, NetworkFault } from "@treehouse/protocol";
import type { Bytes, Domain } from "@treehouse/protocol";
import { forClient } from "./ask.ts";
import type { Asker } from "./ask.ts";
import type { FederationContext } from "../context.ts";
import type { PeerCall } from "../ports.ts";
import { Slots } from "./slots.ts";

/**
 * Requests about assets. They are large and many, and so have a way of their own: neither do they
 * take the place of what else is asked of a peer, nor does a slow transfer make it seem dead.
 */
export interface AssetRequests {
  /** Refuses as `Hubs` do. */
  ask(
    peer: Domain,
    question: Pick<PeerCall, "endpoint" | "body" | "answerBytesMax">,
  ): Promise<Bytes>;
}

/** Of what one peer works on at once for another, this much is for assets. */
const atOnceMax = 2;
const triesMax = 3;
/** Ways to peers that are remembered while nothing is asked. */
const waysMax = 10_000;

export function createAssetRequests(
  { peers, metrics }: Pick<FederationContext, "peers" | "metrics">,
  asker: Pick<Asker, "check">,
): AssetRequests {
  const ways = new Map<Domain, Slots>();

  function wayTo(peer: Domain): Slots {
    const known = ways.get(peer);
    if (known !== undefined) return known;
    if (ways.size >= waysMax) {
      for (const [other, slots] of ways) if (slots.isIdle) ways.delete(other);
    }
    const way = new Slots(atOnceMax, LIMITS.requestsWaitingPerPeerMax);
    ways.set(peer, way);
    return way;
  }

  async function send(peer: Domain, question: Omit<PeerCall, "timeoutMs">): Promise<Bytes> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await peers.post(peer, { ...question, timeoutMs: LIMITS.assetPieceTimeoutMs });
      } catch (error) {
        // To read again, or to say again what is gone, harms nobody.
        const broken = error instanceof NetworkFault && error.reason === "broken";
        if (!broken || tries === triesMax) throw error;
      }
    }
  }

  return {
    async ask(peer, question) {
      const { endpoint } = question;
      asker.check(peer);
      try {
        const answer = await wayTo(peer).use(() => send(peer, question));
        metrics.requests.add(1, { endpoint, outcome: "answered" });
        return answer;
      } catch (error) {
        metrics.requests.add(1, { endpoint, outcome: "failed" });
        throw forClient(error, endpoint);
      }
    },
  };
}
