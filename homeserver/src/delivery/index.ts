/**
 * Delivery keeps the rooms hosted here, of which this server is the hub: the public MLS group of
 * each with its tree by version, its state, the key with which the hub speaks in it, the end of its
 * log, and the leaves that shall be removed. And it follows the rooms hosted elsewhere in which
 * users of this server are: their hub, their roster, and how far their log is here.
 *
 * It promises: one commit per epoch, one order of entries per room without a hole, each chained to
 * the one before; nothing is accepted that the room's policy or MLS forbids, as far as a server can
 * tell; what is accepted is durable with everything that follows from it (entry, tree, roster,
 * subscriptions, Welcomes, what goes to other servers, answer) before it is answered; the same
 * request has one effect and one answer, for 14 days. Checks are made outside of transactions
 * against a room in memory; inside, its epoch and revision are compared, and if they have moved the
 * check is made again. Of a followed room it takes what its hub sent, in order and once, and
 * believes no more of it than it can check.
 */
import type { PublicContext } from "@treehouse/mls/public";
import {
  type Bytes,
  type Domain,
  type Env,
  type EventsResponse,
  type HubOffer,
  LIMITS,
  type RoomUri,
  type SignedHead,
  type StandingResponse,
  type UserUri,
} from "@treehouse/protocol";
import {
  type Acquaintance,
  createTurns,
  type Database,
  type Jobs,
  migrationsOf,
  type ReadTx,
  type Route,
  type Tx,
} from "../platform/index.ts";
import {
  createBreaths,
  noteDeparture,
  noteRevocation,
  settleDepartures,
  settleRevocations,
  settleUnseen,
  settling,
  unseenIntervalMs,
} from "./leaving/index.ts";
import { createRoomCache, readSignedHead } from "./room/index.ts";
import type { DeliveryContext } from "./context.ts";
import {
  createBackfill,
  createFollowedCache,
  createStops,
  finishBatch,
  type FollowedContext,
  type FollowedRooms,
  forwarding,
  hubOf,
  inFittingPages,
  itemAt,
  prepareBatch,
  receiveEntry,
  receiveEphemeral,
  reportUnseen,
  type Stops,
  thawRoom,
} from "./followed/index.ts";
import { createSuccessions, hubWanted } from "./generations/index.ts";
import { createHealthWatch } from "./health/index.ts";
import { createOutsiderRates } from "./joining/index.ts";
import { limited } from "./limited.ts";
import { maintain } from "./maintain.ts";
import { createIntake } from "./messages/index.ts";
import { createMoves } from "./moves/index.ts";
import { operationsOf } from "./operations-of.ts";
import type { Operations } from "./operations.ts";
import type {
  Accounts,
  Caller,
  HandedOut,
  Hubs,
  PeerEphemerals,
  PeerOutbox,
  RemoteUsers,
  RoomAssets,
  RoomLog,
} from "./ports.ts";
import { checkFollowedBy, type EventsRange, readEvents, readStanding } from "./reading/index.ts";
import { deliveryRoutes, frozenRoutes } from "./routes.ts";
import { createRestoredRooms, unlessUnsettled } from "./restored/index.ts";
import type { Revocation, TermBounds } from "./store/index.ts";
import { createSqliteStore } from "./store.sqlite.ts";

export type { PreparedBatch } from "./followed/index.ts";
export type { Stops, Verdict } from "./followed/index.ts";
export type { Operations as DeliveryOperations } from "./operations.ts";
export type {
  Accounts,
  Caller,
  FoundRemoteUser,
  HandedOut,
  Hubs,
  LogEntry,
  PeerEphemerals,
  PeerItem,
  PeerOutbox,
  RemoteUsers,
  RoomAssets,
  RoomLog,
  RoomSubscription,
  WelcomeForClient,
} from "./ports.ts";
export type { EventsRange } from "./reading/index.ts";
export type { RoomOfUser } from "./store/index.ts";

export const deliveryMigrations = migrationsOf("delivery");

export interface DeliveryDependencies {
  readonly env: Pick<Env, "now" | "monotonic" | "random" | "timer" | "log" | "metrics">;
  readonly database: Database;
  /** The name of this server: the hub of its rooms. */
  readonly domain: Domain;
  readonly crypto: PublicContext["crypto"];
  readonly roomLog: RoomLog;
  readonly accounts: Accounts;
  readonly handedOut: HandedOut;
  readonly outbox: PeerOutbox;
  readonly ephemerals: PeerEphemerals;
  readonly hubs: Hubs;
  readonly remoteUsers: RemoteUsers;
  readonly jobs: Pick<Jobs, "every">;
}

/** What clients of this server can do: in rooms hosted here, and through it in all others. */
export interface Delivery extends Operations {
  readonly routes: readonly Route[];
  /** The rooms hosted here, for clients of other servers and for those servers. */
  readonly hosted: HostedRooms;
  /** The rooms hosted elsewhere, as their hubs tell of them. */
  readonly followed: FollowedRooms;
  readonly stops: Stops;
  /** The hubs of the rooms that are followed. */
  hubs(tx: ReadTx): Promise<readonly Domain[]>;
  /**
   * A user is deleted, here or elsewhere: the removal of all the user's clients from the rooms
   * hosted here follows by itself. Answers the hubs that must be told. Idempotent.
   */
  deleteUser(tx: Tx, user: UserUri): Promise<readonly Domain[]>;
  /** Whether a user is in a room with another one, or with any user of a server. */
  shares(tx: ReadTx, user: UserUri, who: Acquaintance): Promise<boolean>;
  /** Whether a user, or any user of a server, is in a room as far as this server knows. */
  isIn(tx: ReadTx, room: RoomUri, who: Acquaintance): Promise<boolean>;
  /** The same for one client of a user; see `revocations.ts`. */
  revokeClient(tx: Tx, revocation: Revocation): Promise<readonly Domain[]>;
  /** The others in the rooms that a user of any server is in, as far as this server knows. */
  companionsOf(tx: ReadTx, user: UserUri): Promise<readonly UserUri[]>;
  /**
   * The database is as old as a backup: marks what must be settled before it is used, which
   * `start` then does. Idempotent.
   */
  restored(tx: Tx, life: TermBounds): Promise<void>;
  /** Where large contents lie that are for those in a room. */
  connect(assets: RoomAssets): void;
  /** One run of the job that takes out who was away for too long. */
  settleUnseen(): Promise<void>;
  /** One run of the job that deletes what has ended; answers how many rows went. */
  maintain(): Promise<number>;
  /** Takes up what was under way when the server stopped. Call it once peers can be reached. */
  start(): Promise<void>;
  /** Fetches nothing more from hubs, and waits for what is under way. */
  close(): Promise<void>;
}

/**
 * Callers are clients of other servers which those vouch for. The same acts as for own clients,
 * with the same answers, refusals and rates.
 */
export interface HostedRooms extends Pick<
  Operations,
  "submit" | "update" | "groupInfo" | "tree" | "leave"
> {
  events(peer: Domain, room: RoomUri, range: EventsRange): Promise<EventsResponse>;
  standing(peer: Domain, room: RoomUri): Promise<StandingResponse>;
  /** This server's word that it takes a room over. */
  offerHub(caller: Caller, room: RoomUri): Promise<HubOffer>;
  /** What the peer, the room's hub, hands over with its next commit. */
  takeOver(peer: Domain, room: RoomUri, request: Bytes): Promise<void>;
  /** The hub of a room as far as it is known here; undefined: this server. */
  hub(room: RoomUri): Promise<Domain | undefined>;
  /** Refuses `unknownRoom`, and `notMember` unless users of the peer are in the room. */
  checkFollowedBy(peer: Domain, room: RoomUri): Promise<void>;
  /**
   * The peer has lost what it knew of a room with its members, or of all: the next commit there
   * introduces the room to it anew.
   */
  introduceAgain(tx: Tx, peer: Domain, room?: RoomUri): Promise<void>;
  /**
   * The room's head as it is now, signed now. Undefined if no such room is hosted here, and for a peer
   * of whom nobody is in it any more: its last head came with the commit that says so.
   */
  signedHead(room: RoomUri, peer?: Domain): Promise<SignedHead | undefined>;
}

export function createDelivery(dependencies: DeliveryDependencies): Delivery {
  const { env, database, crypto } = dependencies;
  const store = createSqliteStore(database);
  const leavesMax = LIMITS.cachedLeavesMax;
  const faults = env.metrics.counter(
    "treehouse_followed_faults_total",
    "What hubs of followed rooms sent that is not right, by reason.",
    ["reason"],
  );
  let connected: RoomAssets | undefined;
  const context: DeliveryContext & FollowedContext = {
    ...dependencies,
    hubs: inFittingPages(dependencies.hubs),
    assets: { roomEnded: async (tx, room) => connected?.roomEnded(tx, room) },
    store,
    rooms: createRoomCache({ crypto, database, store, leavesMax }),
    intake: createIntake(() => context),
    outsiders: createOutsiderRates(env),
    breaths: createBreaths(
      () => context,
      (room) => restored.isUnsettled(room),
    ),
    turns: createTurns(),
    successions: createSuccessions(env, () => context),
    ends: {
      onBehind: (room, hub) => backfill.begin(room, hub),
      onComing: (room) => moves.begin(room),
      onSuccessor: (room, peer) => context.successions.lookUp(room, peer),
      onStopped: (room) => stops.told(room),
    },
    coming: new Set(),
    followed: createFollowedCache({ database, store, roomsMax: LIMITS.followedRoomsCachedMax }),
    count: (reason) => faults.add(1, { reason }),
  };
  dependencies.jobs.every("delivery.maintain", maintenanceIntervalMs, async () => {
    await maintain(context);
    await settleDepartures(context, restored.isUnsettled);
    await settleRevocations(context, restored.isUnsettled);
    await context.breaths.look();
  });
  const stops = createStops(database, store);
  const restored = createRestoredRooms(context);
  const settleAway = async () => {
    await settleUnseen(context, restored.isUnsettled);
    await reportUnseen(context);
  };
  dependencies.jobs.every("delivery.unseen", unseenIntervalMs, settleAway);
  const moves = createMoves(context);
  const ready = {
    refuseUnsettled(room: RoomUri, request?: Uint8Array) {
      restored.refuseUnsettled(room);
      // Where the former hub is gone, it never comes so far: then owners agree that it goes on here.
      if (request === undefined || hubWanted(request) === undefined) moves.refuseComing(room);
    },
  };
  const health = createHealthWatch(context, env.log, restored.isUnsettled);
  const hosted = unlessUnsettled(ready, operationsOf({ ...context, health }, moves));
  const operations = limited(env, forwarding(context, hosted));
  const backfill = createBackfill(context);
  const departing = settling(context, restored.isUnsettled);
  return {
    ...operations,
    routes: [
      ...deliveryRoutes(operations),
      ...frozenRoutes({
        frozen: (hub) => database.read((tx) => store.frozenFollowed(tx, hub)),
        thaw: (room) => thawRoom(context, backfill, room),
      }),
    ],
    hosted: {
      ...limited(env, hosted),
      events: async (peer, room, range) => {
        // What it says now of its log is of a term that is over.
        restored.refuseUnsettled(room);
        return readEvents(context, peer, room, range);
      },
      standing: (peer, room) => readStanding(context, peer, room),
      offerHub: (caller, room) => moves.offer(caller, room),
      takeOver: (peer, room, request) => moves.prepare(peer, room, request),
      hub: (room) => hubOf(context, room),
      checkFollowedBy: (peer, room) => checkFollowedBy(context, peer, room),
      introduceAgain: (tx, peer, room) => store.introduceAgain(tx, peer, room),
      signedHead: async (room, peer) =>
        restored.isUnsettled(room) ? undefined : readSignedHead(context, room, peer),
    },
    followed: {
      prepare: (peer, batch) => prepareBatch(context, peer, batch),
      receive: (tx, prepared, index) =>
        receiveEntry(context, tx, prepared, itemAt(prepared, index)),
      pass: (peer, entry) => receiveEphemeral(context, peer, entry),
      finish: (tx, prepared) => finishBatch(context, tx, prepared, context.ends),
    },
    stops,
    hubs: (tx) => store.followedHubs(tx),
    async deleteUser(tx, user) {
      const hubs = await noteDeparture(context, tx, user);
      tx.afterCommit(departing.soon);
      return hubs;
    },
    shares: (tx, user, who) => store.shares(tx, user, who),
    isIn: (tx, room, who) => store.isIn(tx, room, who),
    async revokeClient(tx, revocation) {
      const hubs = await noteRevocation(context, tx, revocation);
      tx.afterCommit(departing.soon);
      return hubs;
    },
    companionsOf: (tx, user) => store.companionsOf(tx, user),
    async restored(tx, life) {
      await store.markRestored(tx, life);
      await store.suspectFollowed(tx);
      await store.forgetHubOffers(tx);
      tx.afterCommit(() => context.followed.clear());
    },
    connect(assets) {
      connected = assets;
    },
    settleUnseen: settleAway,
    maintain: () => maintain(context),
    async start() {
      await restored.start();
      await moves.start();
      departing.soon();
      await context.breaths.look();
      await health.look();
      await backfill.resume();
    },
    async close() {
      health.close();
      await departing.idle();
      await context.breaths.close();
      await backfill.close();
      await context.successions.idle();
      await moves.close();
      await restored.close();
    },
  };
}

const maintenanceIntervalMs = 60_000;
