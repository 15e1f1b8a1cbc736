import type { PublicContext } from "@treehouse/mls/public";
import type { Domain, Env, RoomUri } from "@treehouse/protocol";
import type { Database } from "../../platform/index.ts";
import type { Accounts, HandedOut, Hubs, RoomAssets, RoomLog } from "../ports.ts";
import type { DeliveryStore } from "../store/index.ts";
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
  readonly ends: BatchEnd;
  /** Rooms of which this server is about to be the hub: the former one has said what is handed over. */
  readonly coming: Set<RoomUri>;
  /** Counts what a hub sent that is not right, by reason. */
  count(reason: FollowedFault): void;
};

/** What is to be done after COMMIT for what a batch has brought. */
export type BatchEnd = {
  /** Something is missing of a room. */
  readonly onBehind: (room: RoomUri, hub: Domain) => void;
  /** This server is to be a room's hub from here on. */
  readonly onComing: (room: RoomUri) => void;
  /** A server seems to order a room of which another one is the hub here. */
  readonly onSuccessor: (room: RoomUri, peer: Domain) => void;
  /** Nothing more is taken of a room: its hub contradicts itself. */
  readonly onStopped: (room: RoomUri) => void;
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
