import type { Domain, RoomUri } from "@treehouse/protocol";

/** What waits for a server, as whoever sends it tells. */
export interface PeerStatus {
  readonly domain: Domain;
  /** Items that the server has not taken yet. */
  readonly backlog: number;
  /** `open`: it fails, and is tried again from time to time. */
  readonly breaker: "closed" | "open" | "halfOpen";
  /** When it is tried again, in milliseconds since the Unix epoch. */
  readonly retryAt?: number | undefined;
  /** When the oldest of the items was added. */
  readonly waitingSince?: number | undefined;
  /** What the last attempt failed with: the code of a refusal, or of a fault. */
  readonly lastFault?: string | undefined;
}

/** An item that a server rejected for good. */
export interface RejectedItem {
  readonly form: string;
  readonly room: RoomUri | undefined;
  readonly position: number;
  readonly code: string;
  readonly at: number;
}

/** Met by the module that sends. */
export interface PeerStatusSource {
  status(): readonly PeerStatus[];
  /** The newest items that the server rejected. */
  rejected(domain: Domain): Promise<readonly RejectedItem[]>;
  /** Tries again at once. */
  retry(domain: Domain): void;
  /** The servers to which something was ever to be sent, or whose rooms are followed. */
  partners(): Promise<ReadonlySet<Domain>>;
}
