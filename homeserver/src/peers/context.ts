import type { Bytes, Domain, Env } from "@treehouse/protocol";
import type { PeerBook } from "./book.ts";
import type { OutboundClient } from "./outbound/client.ts";
import type { OpenConnection } from "./outbound/connect.ts";
import type { OwnKeys, Signatures } from "./own-keys.ts";
import type { Policy } from "./policy.ts";
import type { PeerStatusSource } from "./ports.ts";
import type { PeerStore } from "./store.ts";
import type { StrangerLimits } from "./stranger-limits.ts";
import type { Database } from "../platform/index.ts";

/** How servers prove to each other who they are. */
export type PeerAuthentication = "signature" | "mtls";

/** What the operations of this module share. */
export interface PeersContext {
  readonly env: Pick<Env, "now" | "monotonic" | "random" | "timer" | "log" | "metrics">;
  readonly database: Database;
  readonly store: PeerStore;
  readonly domain: Domain;
  readonly signatures: Signatures;
  readonly authentication: PeerAuthentication;
  readonly ownKeys: OwnKeys;
  readonly ownCountersigners: () => readonly { readonly kid: string; readonly key: Bytes }[];
  /** The port of this server's endpoints under its name. */
  readonly port: number;
  readonly policy: Policy;
  readonly book: PeerBook;
  readonly open: OpenConnection;
  readonly client: OutboundClient;
  /** Servers that are reached at a loopback URL. */
  readonly development: ReadonlyMap<Domain, URL>;
  /** Whether this is known of the peers; undefined until somebody tells. */
  readonly status: () => PeerStatusSource | undefined;
  /** Bounds what unknown names make this server do. */
  readonly strangers: StrangerLimits;
  /**
   * Requests that were signed before may have been received by this server's former life. By the
   * clock as it is now: one that was ahead at the start and was set right shuts nobody out.
   */
  startedAt(): number;
  /** Drawn at this start: who begins a nonce with it has made the request since. */
  readonly nonceStart: Bytes;
}
