import { LIMITS, parseFrom, RATE_LIMITS, Refusal } from "@treehouse/protocol";
import type { Domain } from "@treehouse/protocol";
import { createRateLimiter } from "../platform/index.ts";
import type { Peer, PeerAdmission, PeerGate } from "../platform/index.ts";
import { authenticate } from "./authenticate.ts";
import type { PeersContext } from "./context.ts";
import { checkNotFrozen } from "./discover.ts";
import type { PeerState } from "./peer-state.ts";

/**
 * Lets other servers in, in the order of FED-915: the host, who they say they are, the operator's
 * policy, rates; then, with the body, digest, key and signature.
 *
 * Until the signature is verified anybody can use anybody's name. What is counted before therefore
 * counts by name and network address together, so that nobody uses up what another server may do.
 */
export function createGate(context: PeersContext, contacted: (domain: Domain) => void): PeerGate {
  const { env, domain: own, policy, book } = context;
  const refusedTotal = env.metrics.counter(
    "treehouse_federation_refused_total",
    "Requests of other servers that were refused, by the reason.",
    ["reason"],
  );
  const rate = RATE_LIMITS.requestPerPeer;
  const unproved = createRateLimiter(env, rate, "requestPerPeer");
  const proved = createRateLimiter(env, rate, "requestPerPeer");
  const places = createPlaces();

  function enter(state: PeerState): () => void {
    if (state.active >= LIMITS.peerConcurrencyMax) throw tooMany("peerConcurrencyMax");
    state.active += 1;
    return () => {
      state.active -= 1;
    };
  }

  return {
    checkHost(values) {
      const host = values?.length === 1 ? values[0]?.toLowerCase() : undefined;
      // A port says nothing of who is meant (FED-901).
      if (host?.replace(/:[0-9]{1,5}$/, "") !== own) {
        throw new Refusal("misdirected", "This server is another one.");
      }
    },
    open(head) {
      const from = parseFrom(head.headers);
      if (from === own) throw new Refusal("signatureInvalid", "This server asks itself nothing.");
      policy.admit(from, "inbound", head.address);
      const known = book.known(from);
      if (known !== undefined) checkNotFrozen(known);
      const claim = `${from} ${head.address}`;
      unproved.take(claim);
      let leave = [places.take(claim, LIMITS.peerConcurrencyMax, "peerConcurrencyMax")];
      const leaveAll = (): void => {
        for (const one of leave) one();
        leave = [];
      };
      try {
        leave.push(
          places.take(head.address, LIMITS.unprovedPerAddressMax, "unprovedPerAddressMax"),
        );
      } catch (error) {
        leaveAll();
        throw error;
      }

      return {
        async authenticate(body): Promise<Peer> {
          const { state, transactionId } = await authenticate(context, { from, head, body });
          // The operator may have changed his mind while the body or the directory came.
          policy.admit(from, "inbound");
          book.touch(state, "inbound");
          contacted(from);
          proved.take(from);
          // Other servers at the same address need the places of those who have proved nothing.
          leaveAll();
          leave.push(enter(state));
          return { domain: from, transactionId };
        },
        close: leaveAll,
      } satisfies PeerAdmission;
    },
    refused: (reason) => refusedTotal.add(1, { reason }),
  };
}

interface Places {
  /** Takes one of so many places of that key; answers how to leave it. */
  take(
    key: string,
    max: number,
    limitName: "peerConcurrencyMax" | "unprovedPerAddressMax",
  ): () => void;
}

function createPlaces(): Places {
  const taken = new Map<string, number>();
  return {
    take(key, max, limitName) {
      const count = taken.get(key) ?? 0;
      if (count >= max) throw tooMany(limitName);
      taken.set(key, count + 1);
      return () => {
        const left = (taken.get(key) ?? 1) - 1;
        if (left === 0) taken.delete(key);
        else taken.set(key, left);
      };
    },
  };
}

function tooMany(limitName: "peerConcurrencyMax" | "unprovedPerAddressMax"): Refusal {
  return new Refusal("rateLimited", "Too many requests at once.", {
    retryAfterMs: 250,
    limitName,
    limit: LIMITS[limitName],
  });
}
