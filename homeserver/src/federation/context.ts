import type { Domain, Env } from "@treehouse/protocol";
import type { Database, RateLimiter } from "../platform/index.ts";
import type { FederationMetrics } from "./metrics.ts";
import type { EntrySource, HostedRooms, LocalUsers, Peers } from "./ports.ts";
import type { FederationStore, RoomNumbers } from "./store/index.ts";

/** What the parts of this module share. */
export interface FederationContext {
  readonly env: Pick<Env, "now" | "monotonic" | "random" | "timer" | "soon" | "log">;
  readonly database: Database;
  readonly store: FederationStore;
  readonly rooms: RoomNumbers;
  readonly metrics: FederationMetrics;
  /** The name of this server. */
  readonly domain: Domain;
  readonly peers: Peers;
  readonly hosted: HostedRooms;
  readonly localUsers: LocalUsers;
  readonly entries: EntrySource;
  /** Rates of peers, each kept once: what comes by different ways counts together. */
  readonly rates: Readonly<Record<"itemPerPeer" | "headPerPeer" | "consentPerPeer", RateLimiter>>;
  /** A pump has found that its peer can be reached, or that it cannot. */
  onReached(peer: Domain, reached: boolean): void;
}
