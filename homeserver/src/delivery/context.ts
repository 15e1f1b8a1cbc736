import type { PublicContext } from "@treehouse/mls/public";
import type { Domain, Env, RoomUri } from "@treehouse/protocol";
import type { Database, Turns } from "../platform/index.ts";
import type { Breaths } from "./leaving/index.ts";
import type { Intake } from "./messages/index.ts";
import type { RoomCache } from "./room/index.ts";
import type { OutsiderRates } from "./joining/index.ts";
import type {
  Accounts,
  PeerEphemerals,
  PeerOutbox,
  RemoteUsers,
  RoomAssets,
  RoomLog,
} from "./ports.ts";
import type { DeliveryStore } from "./store/index.ts";

/** What every operation of this module works with. */
export type DeliveryContext = {
  readonly env: Pick<Env, "log" | "now" | "random" | "timer">;
  readonly domain: Domain;
  readonly crypto: PublicContext["crypto"];
  readonly database: Database;
  readonly store: DeliveryStore;
  readonly roomLog: RoomLog;
  readonly outbox: PeerOutbox;
  readonly ephemerals: PeerEphemerals;
  readonly remoteUsers: RemoteUsers;
  readonly accounts: Accounts;
  readonly assets: RoomAssets;
  readonly rooms: RoomCache;
  readonly intake: Intake;
  readonly outsiders: OutsiderRates;
  readonly breaths: Breaths;
  /**
   * In which the handshakes of one room are checked: the checks are the dear ones, and after the first
   * of many commits the others are refused by their epoch alone.
   */
  readonly turns: Turns<RoomUri>;
};
