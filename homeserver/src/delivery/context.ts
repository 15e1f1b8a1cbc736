import type { PublicContext } from "@treehouse/mls/public";
import type { Domain, Env } from "@treehouse/protocol";
import type { Database } from "../platform/index.ts";
import type { RoomCache } from "./cache.ts";
import type { Accounts, PeerOutbox, RemoteUsers, RoomLog } from "./ports.ts";
import type { DeliveryStore } from "./store.ts";
import type { Turns } from "./turns.ts";

/** What every operation of this module works with. */
export type DeliveryContext = {
  readonly env: Pick<Env, "now" | "random" | "timer">;
  readonly domain: Domain;
  readonly crypto: PublicContext["crypto"];
  readonly database: Database;
  readonly store: DeliveryStore;
  readonly roomLog: RoomLog;
  readonly outbox: PeerOutbox;
  readonly remoteUsers: RemoteUsers;
  readonly accounts: Accounts;
  readonly rooms: RoomCache;
  readonly turns: Turns;
};
