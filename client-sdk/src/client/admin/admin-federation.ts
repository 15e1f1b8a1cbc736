import {
  type FrozenRoomsAnswer,
  frozenRoomsAnswerSchema,
  paths,
  type PeerDetail,
  peerDetailSchema,
  type PeerRule,
  type PeerRuleRequest,
  type PeersAnswer,
  peersAnswerSchema,
  type PeerSummary,
  type ProbeAnswer,
  probeAnswerSchema,
} from "@treehouse/protocol";

import type { Api } from "../../transport/index.ts";
import { guarded } from "../guarded.ts";

/** What an administrator can say beside a decision. */
export type RuleNote = {
  /** For the administrators of this server alone. */
  readonly reason?: string;
  /** Milliseconds since the Unix epoch; without it the rule has no end. */
  readonly expiresAt?: number;
};

/** The own server, as others see it, and all that it knows of them. */
export type FederationOverview = {
  readonly own: PeersAnswer["own"];
  readonly peers: readonly PeerSummary[];
  readonly rules: readonly PeerRule[];
};

/**
 * Other homeservers, for administrators of the own one. A subject is a domain, or `*.` before one
 * for all names below it; what is decided about it holds at once, both ways.
 */
export interface FederationAdmin {
  overview(): Promise<FederationOverview>;
  peer(domain: string): Promise<PeerDetail>;
  /** Finds the server and asks it something, and tells of each step. */
  probe(domain: string): Promise<ProbeAnswer>;
  /** Tries at once to send what waits for the server. */
  retry(domain: string): Promise<void>;
  /** Rooms of that server of which nothing more is taken, for it contradicted itself. */
  frozenRooms(domain: string): Promise<FrozenRoomsAnswer["rooms"]>;
  /** Lets such a room go on from what its hub says now. */
  thaw(room: string): Promise<void>;
  /** With `newKey` the server's keys are forgotten, and those that it shows now are believed. */
  allow(subject: string, note?: RuleNote & { readonly newKey?: boolean }): Promise<void>;
  deny(subject: string, note?: RuleNote): Promise<void>;
  limit(subject: string, note?: RuleNote & { readonly perMinute?: number }): Promise<void>;
  /** Drops the rule: then the server's mode decides. */
  unset(subject: string): Promise<void>;
}

export function createFederationAdmin(api: Api): FederationAdmin {
  const rule = (subject: string, wanted: PeerRuleRequest): Promise<void> =>
    guarded(() => api.done("PUT", paths.federationRule(subject), wanted));
  return {
    overview: () => guarded(() => overview(api)),
    peer: (domain) =>
      guarded(() => api.json("GET", paths.federationPeer(domain), peerDetailSchema)),
    probe: (domain) =>
      guarded(() => api.json("POST", paths.federationProbe(domain), probeAnswerSchema)),
    retry: (domain) => guarded(() => api.done("POST", paths.federationRetry(domain))),
    frozenRooms: (domain) =>
      guarded(async () => {
        const path = paths.federationFrozen(domain);
        return (await api.json("GET", path, frozenRoomsAnswerSchema)).rooms;
      }),
    thaw: (room) => guarded(() => api.done("POST", paths.federationThaw(room))),
    allow: (subject, note = {}) => rule(subject, { action: "allow", ...note }),
    deny: (subject, note = {}) => rule(subject, { action: "deny", ...note }),
    limit: (subject, note = {}) => rule(subject, { action: "limit", ...note }),
    unset: (subject) => guarded(() => api.done("DELETE", paths.federationRule(subject))),
  };
}

/** The list comes in pages. */
async function overview(api: Api): Promise<FederationOverview> {
  const peers: PeerSummary[] = [];
  let after: string | undefined;
  for (;;) {
    const page = await api.json("GET", paths.federationPeers(after), peersAnswerSchema);
    peers.push(...page.peers);
    if (page.next === undefined) return { own: page.own, peers, rules: page.rules };
    after = page.next;
  }
}
