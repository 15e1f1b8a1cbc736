/**
 * Federation keeps what servers say to each other: one durable stream to each peer, how far the
 * streams of the peers have come here, and the requests of own clients to other servers.
 *
 * It promises: what is added to a stream is durable with the transaction that added it, and reaches
 * the peer once in effect and in order, over crashes, restarts and cut connections of either side;
 * what a peer sends is taken the same way, each batch in one transaction; an item that cannot be
 * taken is named, set aside and passed, and holds up nobody; a peer that is slow, dead or hostile
 * makes no other wait, and takes a bounded share of memory, disk and time. Requests are forwarded
 * unchanged, many messages at once, and their refusals come back as the hub said them.
 */
import { type Domain, type Env, RATE_LIMITS, type RoomUri } from "@treehouse/protocol";
import {
  createRateLimiter,
  type Database,
  type Jobs,
  migrationsOf,
  type ReadTx,
  type Route,
  type Tx,
} from "../platform/index.ts";
import {
  createEphemeralsAnswerer,
  createReceiver,
  createSubmissionsAnswerer,
  createUsersAnswerer,
} from "./incoming/index.ts";
import {
  type AssetRequests,
  createAsker,
  createAssetRequests,
  createEphemerals,
  createHubs,
  createRemoteUsers,
  createSubmissions,
  type Ephemerals,
  type Hubs,
  type RemoteUsers,
} from "./asking/index.ts";
import type { FederationContext } from "./context.ts";
import { createFloors, createOutbox, type Outbox, PeerTable } from "./outgoing/index.ts";
import { createMetrics } from "./metrics.ts";
import type {
  EntrySource,
  FollowedRooms,
  HostedRooms,
  InboundConsent,
  LocalUsers,
  Peers,
} from "./ports.ts";
import { createRoomNumbers, createSqliteStore } from "./store/index.ts";
import { federationRoutes } from "./routes.ts";
import { type PeerStatus, type RejectedItemOfPeer, statusOf } from "./status.ts";
import { createUpkeep } from "./upkeep.ts";

export type { Ephemerals } from "./asking/index.ts";
export type { OutboxItem } from "./outgoing/index.ts";
export type { Hubs } from "./asking/index.ts";
export type { Outbox } from "./outgoing/index.ts";
export type {
  Caller,
  EntrySource,
  EventsRange,
  FollowedRooms,
  HostedRooms,
  InboundConsent,
  LocalUsers,
  PeerCall,
  Peers,
  Verdict,
} from "./ports.ts";
export type { FoundRemoteUser, RemoteUsers } from "./asking/index.ts";
export type { PeerStatus, RejectedItemOfPeer } from "./status.ts";

export const federationMigrations = migrationsOf("federation");

export interface FederationDependencies<P> {
  readonly env: Pick<Env, "now" | "monotonic" | "random" | "timer" | "soon" | "log" | "metrics">;
  readonly database: Database;
  /** The name of this server. */
  readonly domain: Domain;
  readonly peers: Peers;
  readonly hosted: HostedRooms;
  readonly followed: FollowedRooms<P>;
  readonly consent: InboundConsent;
  readonly localUsers: LocalUsers;
  readonly entries: EntrySource;
  readonly jobs: Pick<Jobs, "every">;
}

export interface Federation {
  readonly routes: readonly Route[];
  readonly outbox: Outbox;
  readonly ephemerals: Ephemerals;
  readonly hubs: Hubs;
  readonly users: RemoteUsers;
  readonly assets: AssetRequests;
  /** The streams that are in use, by domain. */
  status(): readonly PeerStatus[];
  /** Every server to which something was ever to be sent. */
  partners(tx: ReadTx): Promise<readonly Domain[]>;
  /** The newest items that a peer rejected for good. */
  dead(peer: Domain): Promise<readonly RejectedItemOfPeer[]>;
  /** Ends the wait for a peer; false if nothing is sent to it. */
  retry(peer: Domain): boolean;
  /**
   * The lowest position of each room that some slow peer still needs: retention must keep entries
   * from there on. True from `start` on.
   */
  floors(): ReadonlyMap<RoomUri, number>;
  /** One run of the job that gives up what waited too long, renews floors and forgets the dead. */
  tend(): Promise<void>;
  /**
   * The database is an older one, put back: no number of a stream means to its peer what it meant,
   * so that each begins anew. Call it before `start`.
   */
  restored(tx: Tx): Promise<void>;
  /** Takes up the streams where they stood. Call it once peers can be reached. */
  start(): Promise<void>;
  /** Sends nothing more, and waits for what the database is asked for. */
  close(): Promise<void>;
}

const measureIntervalMs = 15_000;
const tendIntervalMs = 10 * 60_000;
const roomNumbersMax = 50_000;
const deadShownMax = 100;

export function createFederation<P>(dependencies: FederationDependencies<P>): Federation {
  const { env, database, domain, peers, hosted, followed, consent, localUsers, entries, jobs } =
    dependencies;
  const store = createSqliteStore(database);
  const context: FederationContext = {
    env,
    database,
    store,
    rooms: createRoomNumbers(store, roomNumbersMax),
    metrics: createMetrics(env.metrics),
    domain,
    peers,
    hosted,
    localUsers,
    entries,
    rates: {
      itemPerPeer: createRateLimiter(env, RATE_LIMITS.itemPerPeer, "itemPerPeer"),
      headPerPeer: createRateLimiter(env, RATE_LIMITS.headPerPeer, "headPerPeer"),
      consentPerPeer: createRateLimiter(env, RATE_LIMITS.consentPerPeer, "consentPerPeer"),
    },
    onReached: (peer, reached) => asker.found(peer, reached),
  };
  const lines = new PeerTable(context);
  const asker = createAsker(context, (peer) => lines.get(peer)?.pump.reach.encouraged());
  const floors = createFloors(context, lines);
  const upkeep = createUpkeep(context, lines, floors);
  const users = createRemoteUsers(context, asker);
  jobs.every("federation.measure", measureIntervalMs, () => upkeep.measure());
  jobs.every("federation.tend", tendIntervalMs, () => upkeep.tend());
  peers.onContact((peer) => {
    lines.get(peer)?.pump.reach.encouraged();
    asker.encourage(peer);
  });
  peers.onPolicyChange(() => {
    for (const { pump } of lines.all()) pump.reach.retry();
    asker.encourageAll();
  });

  return {
    routes: federationRoutes({
      context,
      receive: createReceiver({ context, followed, consent }),
      answerEphemerals: createEphemeralsAnswerer(context, followed),
      answerSubmissions: createSubmissionsAnswerer(context),
      users: createUsersAnswerer(context, users),
    }),
    outbox: createOutbox(context, lines),
    ephemerals: createEphemerals(context, asker),
    hubs: createHubs(asker, createSubmissions(context, asker)),
    users,
    assets: createAssetRequests(context, asker),
    status: () =>
      [...lines.all()].map(statusOf).toSorted((one, other) => (one.domain < other.domain ? -1 : 1)),
    partners: async (tx) => (await store.peers(tx)).map((peer) => peer.domain),
    dead: (peer) =>
      database.read(async (tx) => {
        const known = await store.peer(tx, peer);
        return known === undefined ? [] : store.deadItems(tx, known.id, deadShownMax);
      }),
    retry(peer) {
      const line = lines.get(peer);
      line?.pump.reach.retry();
      return line !== undefined;
    },
    floors: () => floors.current,
    tend: () => upkeep.tend(),
    restored: (tx) => store.renumberAll(tx, () => env.random(16)),
    async start() {
      const stored = await database.read((tx) => store.peers(tx));
      for (const peer of stored) {
        if (peer.newest > peer.kept) lines.adopt(peer).pump.wake();
      }
      await floors.renew();
    },
    async close() {
      asker.close();
      await lines.close();
    },
  };
}
