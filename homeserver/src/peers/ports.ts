import type { Domain } from "@treehouse/protocol";

/** What waits for a server, as whoever sends it tells. */
export interface PeerStatus {
  readonly domain: Domain;
  /** Items that the server has not taken yet. */
  readonly backlog: number;
  /** `open`: it fails, and is tried again from time to time. */
  readonly breaker: "closed" | "open" | "halfOpen";
  /** When it is tried again, in milliseconds since the Unix epoch. */
  readonly retryAt?: number | undefined;
  /** Items that the server rejected for good. */
  readonly dead?: number | undefined;
}

/** Met by the module that sends. */
export interface PeerStatusSource {
  status(): readonly PeerStatus[];
  /** Tries again at once. */
  retry(domain: Domain): void;
}
