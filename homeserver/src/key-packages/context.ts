import type { Domain, Env } from "@treehouse/protocol";
import type { PublicContext } from "@treehouse/mls/public";
import type { Database, RateLimiter } from "../platform/index.ts";
import type { AnswerStore } from "./answer-store.ts";
import type { Clients } from "./clients.ts";
import type { Consent, RemoteUsers } from "./ports.ts";
import type { KeyPackageStore } from "./store.ts";
import type { Unkept } from "./unkept.ts";

/** What the operations of this module share. */
export type KeyPackagesContext = {
  readonly env: Pick<Env, "now" | "monotonic">;
  readonly database: Database;
  readonly store: KeyPackageStore;
  readonly answers: AnswerStore;
  readonly unkept: Unkept;
  readonly domain: Domain;
  readonly clients: Clients;
  readonly consent: Consent;
  /** Named once there is a federation. */
  readonly users: { current: RemoteUsers };
  readonly crypto: PublicContext["crypto"];
  readonly limits: {
    readonly claimPerUser: RateLimiter;
    readonly claimPerPair: RateLimiter;
    readonly claimPerPeer: RateLimiter;
    readonly keyPackageUploadPerClient: RateLimiter;
  };
};
