import { LIMITS, Refusal, toBase64Url } from "@treehouse/protocol";
import type { AssetAudience, UserUri } from "@treehouse/protocol";
import { giveBack } from "../platform/index.ts";
import type { ReadTx } from "../platform/index.ts";
import { asUser, checkIn } from "./authorize.ts";
import type { AssetsContext } from "./context.ts";
import { blobKeyOf } from "./keys.ts";
import type { StoredUpload } from "./store.ts";

export type NewAsset = {
  readonly size: number;
  readonly audience: AssetAudience;
  readonly expiresAt: number | undefined;
};

/**
 * Makes room for an upload, which counts against its user's quota from now on. Refuses `notMember`,
 * `conflict`, `limitExceeded` and `storageFull`.
 */
export async function beginUpload(
  context: AssetsContext,
  owner: UserUri,
  wanted: NewAsset,
): Promise<{ readonly upload: string; readonly received: number }> {
  const { database, env, store, staging, changes } = context;
  changes.take(owner);
  checkSize(context, wanted.size);
  await checkDisk(context, wanted.size);
  const upload = toBase64Url(env.random(32));
  const blob = blobKeyOf(upload);
  await staging.begin(blob);
  try {
    await database.transaction(async (tx) => {
      await checkRoomFor(context, tx, owner, wanted.size);
      const { uploads } = await store.usage(tx, owner);
      if (uploads >= LIMITS.assetUploadsPerUserMax) throw over("assetUploadsPerUserMax");
      await checkAudience(context, tx, owner, wanted.audience);
      const touchedAt = env.now();
      await store.addUpload(tx, { ...wanted, blob, owner, touchedAt, asset: undefined });
    });
  } catch (error) {
    await staging.discard(blob);
    throw error;
  }
  return { upload, received: 0 };
}

/** Takes octets of an upload; answers how many are there then. */
export async function receivePart(
  context: AssetsContext,
  owner: UserUri,
  part: {
    readonly upload: string;
    readonly offset: number;
    readonly octets: AsyncIterable<Uint8Array>;
  },
): Promise<number> {
  const { database, env, metrics, staging, store } = context;
  const { blob, size, asset } = await findUpload(context, owner, part.upload);
  if (asset !== undefined) throw new Refusal("conflict", "The upload is finished.");
  await database.transaction((tx) => store.touchUpload(tx, blob, env.now()));
  const lengthMax = Math.min(size, part.offset + LIMITS.assetPartBytesMax);
  const received = await staging.append(blob, part.octets, {
    offset: part.offset,
    lengthMax,
    spent: giveBack,
  });
  metrics.octets.add(received - part.offset, { direction: "up" });
  return received;
}

export async function uploadState(
  context: AssetsContext,
  owner: UserUri,
  upload: string,
): Promise<{ readonly received: number; readonly size: number }> {
  const { blob, size, asset } = await findUpload(context, owner, upload);
  if (asset !== undefined) return { received: size, size };
  const received = await context.staging.received(blob);
  // It may have become a blob, and the server stopped before that was written down.
  if (received === undefined && (await context.blobs.has(blob))) return { received: size, size };
  if (received === undefined) throw noUpload();
  return { received, size };
}

/** Forgets an upload and what has come of it; does nothing to one that is finished or unknown. */
export async function abandonUpload(
  { database, staging, store }: AssetsContext,
  owner: UserUri,
  upload: string,
): Promise<void> {
  const blob = blobKeyOf(upload);
  const gone = await database.transaction(async (tx) => {
    const stored = await store.upload(tx, blob);
    if (stored?.owner !== owner || stored.asset !== undefined) return false;
    await store.deleteUpload(tx, blob);
    return true;
  });
  if (gone) await staging.discard(blob);
}

export async function findUpload(
  { database, store }: AssetsContext,
  owner: UserUri,
  upload: string,
): Promise<StoredUpload> {
  const stored = await database.read((tx) => store.upload(tx, blobKeyOf(upload)));
  if (stored?.owner !== owner) throw noUpload();
  return stored;
}

/** Whether the user may bring an asset to those it is for, now. */
export async function checkAudience(
  { rooms, store }: AssetsContext,
  tx: ReadTx,
  owner: UserUri,
  audience: AssetAudience,
): Promise<void> {
  if (audience.kind === "room") await checkIn(rooms, tx, audience.room, asUser(owner));
  if (audience.kind !== "own" || audience.replaces === undefined) return;
  const present = await store.named(tx, owner, audience.name);
  if ((present?.asset ?? null) !== audience.replaces) {
    throw new Refusal("conflict", "Another asset has that name.");
  }
}

/** Refuses `limitExceeded` if the user's quota does not leave that much, else `storageFull`. */
export async function checkRoomFor(
  { bounds, store }: AssetsContext,
  tx: ReadTx,
  owner: UserUri,
  size: number,
): Promise<void> {
  const { bytes, assets } = await store.usage(tx, owner);
  if (bytes + size > bounds.userBytesMax) {
    throw new Refusal("limitExceeded", "The quota of this user is used up.", {
      limitName: "assets.quota_mib",
      limit: bounds.userBytesMax,
    });
  }
  if (assets >= LIMITS.assetsPerUserMax) throw over("assetsPerUserMax");
  if (bounds.totalBytesMax === 0) return;
  if ((await store.totalBytes(tx)) + size > bounds.totalBytesMax) throw noRoom();
}

export function checkSize({ bounds }: AssetsContext, size: number): void {
  if (size <= bounds.assetBytesMax) return;
  throw new Refusal("limitExceeded", "The asset is larger than this server takes.", {
    limitName: "assets.largest_mib",
    limit: bounds.assetBytesMax,
  });
}

/** Files must not fill the disk on which the database is. */
export async function checkDisk({ bounds, staging }: AssetsContext, size: number): Promise<void> {
  if ((await staging.freeBytes()) - size < bounds.freeBytesMin) throw noRoom();
}

function noRoom(): Refusal {
  return new Refusal("storageFull", "There is no room for files now.");
}

function over(limitName: "assetsPerUserMax" | "assetUploadsPerUserMax"): Refusal {
  const limit = LIMITS[limitName];
  return new Refusal("limitExceeded", "This user has too many.", { limitName, limit });
}

function noUpload(): Refusal {
  return new Refusal("notFound", "There is no such upload.");
}
