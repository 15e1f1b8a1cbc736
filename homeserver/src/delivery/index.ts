/**
 * Delivery keeps the rooms hosted here, of which this server is the hub: the public MLS group of
 * each with its tree by version, its state, the key with which the hub speaks in it, the end of its
 * log, and the leaves that shall be removed.
 *
 * It promises: one commit per epoch, one order of entries per room without a hole, each chained to
 * the one before; nothing is accepted that the room's policy or MLS forbids, as far as a server can
 * tell; what is accepted is durable with everything that follows from it (entry, tree, roster,
 * subscriptions, Welcomes, answer) before it is answered; the same request has one effect and one
 * answer, for 14 days. Checks are made outside of transactions against a room in memory; inside,
 * its epoch and revision are compared, and if they have moved the check is made again.
 */
import type { PublicContext } from "@treehouse/mls/public";
import { LIMITS, RATE_LIMITS } from "@treehouse/protocol";
import type { Domain, Env } from "@treehouse/protocol";
import { createRateLimiter, migrationsOf } from "../platform/index.ts";
import type { Database, Jobs, Route } from "../platform/index.ts";
import { createRoomCache } from "./cache.ts";
import type { DeliveryContext } from "./context.ts";
import { foundRoom } from "./found.ts";
import { readGroupInfo } from "./group-info.ts";
import { leaveRoom } from "./leave.ts";
import { listRooms } from "./list-rooms.ts";
import { maintain } from "./maintain.ts";
import type { Operations } from "./operations.ts";
import type { Accounts, RoomLog } from "./ports.ts";
import { reserveRoom } from "./reserve.ts";
import { deliveryRoutes } from "./routes.ts";
import { createSqliteStore } from "./store.sqlite.ts";
import { submitMessage } from "./submit.ts";
import { readTree } from "./tree.ts";
import { createTurns } from "./turns.ts";
import { updateRoom } from "./update.ts";

export type { Operations as DeliveryOperations } from "./operations.ts";
export type {
  Accounts,
  Caller,
  LogEntry,
  RoomLog,
  RoomSubscription,
  WelcomeForClient,
} from "./ports.ts";
export type { ReservedRoom } from "./reserve.ts";
export type { RoomOfUser } from "./store.ts";

export const deliveryMigrations = migrationsOf("delivery");

export interface DeliveryDependencies {
  readonly env: Pick<Env, "now" | "monotonic" | "random" | "metrics">;
  readonly database: Database;
  /** The name of this server: the hub of its rooms. */
  readonly domain: Domain;
  readonly crypto: PublicContext["crypto"];
  readonly roomLog: RoomLog;
  readonly accounts: Accounts;
  readonly jobs: Pick<Jobs, "every">;
}

export interface Delivery extends Operations {
  readonly routes: readonly Route[];
  /** One run of the job that deletes what has ended; answers how many rows went. */
  maintain(): Promise<number>;
}

export function createDelivery(dependencies: DeliveryDependencies): Delivery {
  const { env, database, crypto } = dependencies;
  const store = createSqliteStore(database);
  const leavesMax = LIMITS.cachedLeavesMax;
  const context: DeliveryContext = {
    ...dependencies,
    store,
    rooms: createRoomCache({ crypto, database, store, leavesMax }),
    turns: createTurns(),
  };
  dependencies.jobs.every("delivery.maintain", maintenanceIntervalMs, async () => {
    await maintain(context);
  });
  const operations = limited(env, operationsOf(context));
  return {
    ...operations,
    routes: deliveryRoutes(operations),
    maintain: () => maintain(context),
  };
}

const maintenanceIntervalMs = 60_000;

function operationsOf(context: DeliveryContext): Operations {
  return {
    reserve: (caller, template) => reserveRoom(context, caller, template),
    found: (caller, room, bytes) => foundRoom(context, { caller, room, bytes }),
    update: (caller, room, bytes) => updateRoom(context, { caller, room, bytes }),
    submit: (caller, room, bytes) => submitMessage(context, { caller, room, bytes }),
    leave: (caller, room) => leaveRoom(context, caller, room),
    tree: (caller, room, epoch) => readTree(context, caller, room, epoch),
    groupInfo: (caller, room, bytes) => readGroupInfo(context, { caller, room, bytes }),
    rooms: (caller) => listRooms(context, caller),
  };
}

/** Counts each act against its limit before any work is done for it, and what was accepted. */
function limited(env: DeliveryDependencies["env"], operations: Operations): Operations {
  const limiter = (name: keyof typeof RATE_LIMITS) =>
    createRateLimiter(env, RATE_LIMITS[name], name);
  const reserves = limiter("reservePerUser");
  const updates = limiter("updatePerClient");
  const messages = limiter("messagePerClient");
  const trees = limiter("treePerClient");
  const accepted = env.metrics.counter(
    "treehouse_delivery_accepted_total",
    "Submissions that were accepted, with those that were repeated.",
    ["kind"],
  );
  return {
    reserve: async (caller, template) => {
      reserves.take(caller.user);
      return operations.reserve(caller, template);
    },
    found: async (caller, room, request) => {
      updates.take(caller.client);
      return operations.found(caller, room, request);
    },
    update: async (caller, room, request) => {
      updates.take(caller.client);
      const answer = await operations.update(caller, room, request);
      accepted.add(1, { kind: "handshake" });
      return answer;
    },
    submit: async (caller, room, request) => {
      messages.take(caller.client);
      const answer = await operations.submit(caller, room, request);
      accepted.add(1, { kind: "message" });
      return answer;
    },
    leave: async (caller, room) => {
      updates.take(caller.client);
      return operations.leave(caller, room);
    },
    tree: async (caller, room, epoch) => {
      trees.take(caller.client);
      return operations.tree(caller, room, epoch);
    },
    groupInfo: async (caller, room, request) => {
      trees.take(caller.client);
      return operations.groupInfo(caller, room, request);
    },
    rooms: (caller) => operations.rooms(caller),
  };
}
