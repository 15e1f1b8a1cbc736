import { domainOf, LIMITS } from "@treehouse/protocol";
import type { AssetUri, RoomUri, UserUri } from "@treehouse/protocol";
import type { Tx } from "../platform/index.ts";
import type { AssetsContext } from "./context.ts";

/** Deletes a reference of this user's; does nothing if there is none. */
export async function deleteAsset(
  { changes, database, domain, env, store, sweepSoon, tellSoon }: AssetsContext,
  user: UserUri,
  asset: AssetUri,
): Promise<void> {
  if (domainOf(asset) !== domain) return;
  changes.take(user);
  await database.transaction(
    async (tx) => {
      if ((await store.asset(tx, asset))?.owner !== user) return;
      await store.deleteAsset(tx, asset, env.now());
      tx.afterCommit(sweepSoon);
      tx.afterCommit(tellSoon);
    },
    { frees: true },
  );
}

/** Assets that are deleted in one transaction. */
const atOnce = 1000;

/** Everything of a user goes: references, uploads, and what other servers have copied. */
export async function deleteUser(
  { env, staging, store, sweepSoon, tellSoon }: AssetsContext,
  tx: Tx,
  user: UserUri,
): Promise<void> {
  for (;;) {
    const some = await store.ofOwner(tx, user, atOnce);
    for (const asset of some) await store.deleteAsset(tx, asset, env.now());
    if (some.length < atOnce) break;
  }
  const uploads = await store.uploadsOfOwner(tx, user);
  for (const blob of uploads) await store.deleteUpload(tx, blob);
  // What cannot be deleted now is found as garbage.
  tx.afterCommit(() =>
    uploads.forEach((blob) => void staging.discard(blob).catch(() => undefined)),
  );
  tx.afterCommit(sweepSoon);
  tx.afterCommit(tellSoon);
}

/** Whatever lies here for those in a room goes: nobody is in it any more. */
export async function deleteForRoom(
  { env, store, sweepSoon, tellSoon }: AssetsContext,
  tx: Tx,
  room: RoomUri,
): Promise<void> {
  for (;;) {
    const some = await store.ofRoom(tx, room, atOnce);
    for (const asset of some) await store.deleteAsset(tx, asset, env.now());
    if (some.length < atOnce) break;
  }
  tx.afterCommit(sweepSoon);
  tx.afterCommit(tellSoon);
}

/** Own assets by name, a page at a time. */
export async function listOwn(
  { database, store }: AssetsContext,
  user: UserUri,
  { prefix, after }: { readonly prefix: string; readonly after: string },
) {
  const limit = LIMITS.assetsPageMax + 1;
  const found = await database.read((tx) => store.namedFrom(tx, user, { prefix, after, limit }));
  const assets = found.slice(0, LIMITS.assetsPageMax).flatMap((stored) => {
    const { access, asset, createdAt, size } = stored;
    return access.kind === "own" ? [{ asset, name: access.name, size, createdAt }] : [];
  });
  return { assets, more: found.length === limit };
}

export async function usageOf({ bounds, database, store }: AssetsContext, user: UserUri) {
  const { bytes } = await database.read((tx) => store.usage(tx, user));
  return {
    usedBytes: bytes,
    quotaBytes: bounds.userBytesMax,
    assetBytesMax: bounds.assetBytesMax,
  };
}
