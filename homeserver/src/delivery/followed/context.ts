import type { PublicContext } from "@treehouse/mls/public";
import type { Domain, Env } from "@treehouse/protocol";
import type { Database } from "../../platform/index.ts";
import type { Accounts, HandedOut, Hubs, RoomAssets, RoomLog } from "../ports.ts";
import type { DeliveryStore } from "../store.ts";
import type { Successions } from "../generations/succession.ts";
import type { FollowedCache } from "./cache.ts";

/** What the operations on rooms hosted elsewhere work with. */
export type FollowedContext = {
  readonly env: Pick<Env, "now" | "monotonic" | "random" | "timer" | "log">;
  readonly domain: Domain;
  readonly crypto: PublicContext["crypto"];
  readonly database: Database;
  readonly store: DeliveryStore;
  readonly roomLog: RoomLog;
  readonly accounts: Accounts;
  readonly assets: RoomAssets;
  readonly handedOut: HandedOut;
  readonly hubs: Hubs;
  readonly followed: FollowedCache;
  readonly successions: Successions;
  /** Counts what a hub sent that is not right, by reason. */
  count(reason: FollowedFault): void;
};

export type FollowedFault =
  | "headInvalid"
  | "hubForked"
  | "rosterInvalid"
  | "rosterReplaced"
  | "joinNotBelieved"
  | "welcomeInvalid"
  | "staleTerm"
  | "notHub"
  | "adoptionRefused";
