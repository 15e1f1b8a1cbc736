import type { Env } from "@treehouse/protocol";
import type { PublicContext } from "@treehouse/mls/public";
import type { Database, RateLimiter } from "../platform/index.ts";
import type { Clients } from "./clients.ts";
import type { KeyPackageStore } from "./store.ts";

/** What the operations of this module share. */
export type KeyPackagesContext = {
  readonly env: Pick<Env, "now" | "monotonic">;
  readonly database: Database;
  readonly store: KeyPackageStore;
  readonly clients: Clients;
  readonly crypto: PublicContext["crypto"];
  readonly limits: {
    readonly claimPerUser: RateLimiter;
    readonly claimPerPair: RateLimiter;
    readonly keyPackageUploadPerClient: RateLimiter;
  };
};
