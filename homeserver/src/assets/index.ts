/**
 * Assets keeps what is too large for messages: blobs that clients have encrypted, references to them
 * for those who may fetch them, uploads on their way, and copies of other servers' assets.
 *
 * It promises: an asset is there whole or not at all, durable before its upload is answered; an
 * upload goes on where it was after a cut connection or a crash of either side; octets go through in
 * pieces, so that no asset is ever in memory; only those get it for whom it was uploaded, users of
 * other servers through their own, which fetches it once for all; the last reference takes the blob
 * with it, and the servers that have copied it are told; what a user and the whole server may keep is
 * bounded. It never looks at what the octets are.
 */
import { join } from "node:path";
import { createRateLimiter, migrationsOf } from "../platform/index.ts";
import { RATE_LIMITS } from "@treehouse/protocol";
import type { Domain, Env, RoomUri, UserUri } from "@treehouse/protocol";
import type { Database, Jobs, ObjectStore, Route, Tx } from "../platform/index.ts";
import { createBackground } from "./background.ts";
import { createS3Blobs, openDiskBlobs } from "./blobs/index.ts";
import { deleteForRoom, deleteUser } from "./change-assets.ts";
import type { AssetBounds, AssetsContext } from "./context.ts";
import { createCopies } from "./copies.ts";
import { openCopyFiles } from "./copy-files.ts";
import { createLongActs } from "./long-acts.ts";
import { createMetrics } from "./metrics.ts";
import type { Peers, Rooms } from "./ports.ts";
import { assetRoutes } from "./routes.ts";
import { openStaging } from "./staging.ts";
import { createSqliteStore } from "./store.sqlite.ts";
import { collectGarbage, expire, sweep, tellHolders } from "./upkeep.ts";

export type { AssetBounds } from "./context.ts";

export const assetsMigrations = migrationsOf("assets");

export interface AssetsDependencies {
  readonly env: Pick<Env, "now" | "monotonic" | "random" | "timer" | "log" | "metrics">;
  readonly database: Database;
  readonly domain: Domain;
  readonly jobs: Pick<Jobs, "every">;
  readonly bounds: AssetBounds;
  /** Where uploads, copies and, unless there is another place, blobs lie. */
  readonly directory: string;
  /** Where blobs lie, if not in that directory. */
  readonly objectStore: ObjectStore | undefined;
  readonly rooms: Rooms;
  readonly peers: Peers;
}

export interface Assets {
  readonly routes: readonly Route[];
  /** Everything that a user has uploaded goes, also elsewhere. Idempotent. */
  deleteUser(tx: Tx, user: UserUri): Promise<void>;
  /** A room has ended: what users of this server have uploaded for it goes. Idempotent. */
  roomEnded(tx: Tx, room: RoomUri): Promise<void>;
  /** One run of the job that deletes what has expired or has no owner, and tells others. */
  maintain(): Promise<void>;
  /** Waits for what is under way. */
  close(): Promise<void>;
}

const maintenanceIntervalMs = 10 * 60_000;
const garbageIntervalMs = 24 * 3_600_000;

export async function createAssets(dependencies: AssetsDependencies): Promise<Assets> {
  const { bounds, database, directory, domain, env, jobs, peers, rooms } = dependencies;
  const store = createSqliteStore(database);
  const { objectStore } = dependencies;
  const blobs = objectStore
    ? createS3Blobs(objectStore)
    : await openDiskBlobs(join(directory, "blobs"));
  const metrics = createMetrics(env.metrics);
  const copied = await database.read((tx) => store.copyKeys(tx));
  const files = await openCopyFiles(join(directory, "copies"), copied);
  const background = createBackground(env);
  const context: AssetsContext = {
    env,
    database,
    domain,
    store,
    blobs,
    staging: await openStaging(join(directory, "uploads")),
    copies: createCopies({
      env,
      database,
      store,
      rooms,
      peers,
      metrics,
      files,
      bytesMax: bounds.cacheBytesMax,
      assetBytesMax: bounds.assetBytesMax,
    }),
    bounds,
    rooms,
    peers,
    acts: createLongActs(env),
    metrics,
    changes: createRateLimiter(env, RATE_LIMITS.assetChangePerUser, "assetChangePerUser"),
    streams: new Map(),
    sweepSoon: background.work("assets.sweep", () => sweep(context)),
    tellSoon: background.work("assets.tell", () => tellHolders(context)),
  };
  const maintain = async (): Promise<void> => {
    await expire(context);
    await sweep(context);
    await tellHolders(context);
  };
  jobs.every("assets.maintain", maintenanceIntervalMs, maintain);
  jobs.every("assets.collectGarbage", garbageIntervalMs, async () => {
    const deleted = await collectGarbage(context);
    if (deleted > 0) env.log.info("assetGarbage", { deleted });
  });

  return {
    routes: assetRoutes(context),
    deleteUser: (tx, user) => deleteUser(context, tx, user),
    roomEnded: (tx, room) => deleteForRoom(context, tx, room),
    maintain,
    async close() {
      await background.close();
      await blobs.close();
    },
  };
}
