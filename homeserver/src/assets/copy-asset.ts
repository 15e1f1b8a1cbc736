import { domainOf, LIMITS, mintAssetUri, toHex } from "@treehouse/protocol";
import type { AssetAudience, AssetUri, UserUri } from "@treehouse/protocol";
import { sha256 } from "../platform/index.ts";
import { asUser, authorize } from "./authorize.ts";
import type { Access } from "./authorize.ts";
import type { AssetsContext } from "./context.ts";
import { accessOf, answerOf, expiryOf, makePlace } from "./finish-upload.ts";
import type { FinishedAsset } from "./finish-upload.ts";
import { checkAudience, checkDisk, checkRoomFor, checkSize } from "./upload.ts";

type Wanted = {
  readonly asset: AssetUri;
  readonly access: Access;
  readonly audience: AssetAudience;
  readonly expiresAt: number | undefined;
};

/**
 * Another reference of this user's, for another audience: to a blob that is here, or to a copy of
 * another server's, which becomes one of this server. Refuses as `readAsset` and `beginUpload` do,
 * and `unavailable` while the octets come.
 */
export async function copyAsset(
  context: AssetsContext,
  owner: UserUri,
  wanted: Wanted,
): Promise<FinishedAsset> {
  context.changes.take(owner);
  if (domainOf(wanted.asset) === context.domain) return addReference(context, owner, wanted);
  const key = `${owner} ${wanted.asset} ${JSON.stringify(wanted.audience)}`;
  return context.acts.join(key, () => bring(context, owner, wanted));
}

async function addReference(
  context: AssetsContext,
  owner: UserUri,
  wanted: Wanted,
): Promise<FinishedAsset> {
  const { database, store } = context;
  return database.transaction(async (tx) => {
    const from = await authorize(context, tx, asUser(owner), wanted);
    await checkRoomFor(context, tx, owner, from.size);
    await checkAudience(context, tx, owner, wanted.audience);
    // Before the name is given away, or the blob could go with the reference that had it.
    const added = newAsset(context, owner, wanted, from);
    await makePlace(context, tx, owner, wanted.audience);
    await store.addAsset(tx, added);
    return answerOf(added);
  });
}

async function bring(
  context: AssetsContext,
  owner: UserUri,
  wanted: Wanted,
): Promise<FinishedAsset> {
  const { blobs, copies, database, env, staging, store } = context;
  const { size, read } = await copies.open(owner, { ...wanted, fresh: false });
  checkSize(context, size);
  await checkDisk(context, size);
  await database.read((tx) => checkRoomFor(context, tx, owner, size));
  const blob = toHex(sha256(env.random(32)));
  await staging.begin(blob);
  try {
    for (let offset = 0; offset < size;) {
      const length = Math.min(LIMITS.assetPartBytesMax, size - offset);
      offset = await staging.append(blob, read(offset, length), { offset, lengthMax: size });
    }
    const hash = await staging.hash(blob);
    await blobs.adopt(blob, staging.pathOf(blob), size);
    return await database.transaction(async (tx) => {
      await checkRoomFor(context, tx, owner, size);
      await checkAudience(context, tx, owner, wanted.audience);
      await makePlace(context, tx, owner, wanted.audience);
      const added = newAsset(context, owner, wanted, { blob, size, hash });
      await store.addAsset(tx, added);
      return answerOf(added);
    });
  } catch (error) {
    await staging.discard(blob);
    await blobs.delete(blob);
    throw error;
  }
}

function newAsset(
  context: AssetsContext,
  owner: UserUri,
  { audience, expiresAt }: Wanted,
  {
    blob,
    size,
    hash,
  }: { readonly blob: string; readonly size: number; readonly hash: Uint8Array<ArrayBuffer> },
) {
  const { domain, env } = context;
  return {
    asset: mintAssetUri(domain, (length) => env.random(length)),
    owner,
    blob,
    size,
    hash,
    access: accessOf(audience),
    createdAt: env.now(),
    expiresAt: expiryOf(context, { audience, expiresAt }),
  };
}
