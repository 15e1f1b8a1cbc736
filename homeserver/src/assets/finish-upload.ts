import { createHash } from "node:crypto";
import { equalBytes, mintAssetUri, Refusal } from "@treehouse/protocol";
import type { AssetAudience, AssetUri, Bytes, UserUri } from "@treehouse/protocol";
import type { Tx } from "../platform/index.ts";
import { unknown } from "./authorize.ts";
import type { AssetsContext } from "./context.ts";
import type { StoredAccess, StoredUpload } from "./store.ts";
import { checkAudience, findUpload } from "./upload.ts";

export type FinishedAsset = { readonly asset: AssetUri; readonly expiresAt?: number };

/**
 * Makes an asset of an upload that is complete, in one step: before it nothing can be fetched, and a
 * repetition gets the same answer. Refuses `conflict` while octets are missing or the name is
 * another's, `assetInvalid` (and forgets the upload) if they are not those that the client has sent,
 * `notMember`, and `unavailable` while the blob is on its way to where it is kept.
 */
export async function finishUpload(
  context: AssetsContext,
  owner: UserUri,
  { upload, hash }: { readonly upload: string; readonly hash: Bytes },
): Promise<FinishedAsset> {
  const stored = await findUpload(context, owner, upload);
  if (stored.asset !== undefined) return finished(context, stored.asset);
  return context.acts.join(`finish ${stored.blob}`, () => settle(context, stored, hash));
}

async function finished({ database, store }: AssetsContext, uri: AssetUri): Promise<FinishedAsset> {
  const found = await database.read((tx) => store.asset(tx, uri));
  if (found === undefined) throw unknown();
  return answerOf(found);
}

async function settle(
  context: AssetsContext,
  upload: StoredUpload,
  hash: Bytes,
): Promise<FinishedAsset> {
  const { blobs, database, domain, env, staging, store } = context;
  const { blob, owner, size, audience } = upload;
  const received = await staging.received(blob);
  // The blob alone is there if the server stopped between the two steps.
  const adopted = received === undefined && (await blobs.has(blob));
  if (!adopted && received !== size) {
    throw new Refusal("conflict", `${received ?? 0} of ${size} octets are there.`);
  }
  const found = adopted ? await hashOf(blobs.read(blob, 0, size)) : await staging.hash(blob);
  if (!equalBytes(found, hash)) {
    await database.transaction((tx) => store.deleteUpload(tx, blob));
    await staging.discard(blob);
    throw new Refusal("assetInvalid", "The octets are not those that the hash is of.");
  }
  if (!adopted) await blobs.adopt(blob, staging.pathOf(blob), size);
  const asset = {
    asset: mintAssetUri(domain, (length) => env.random(length)),
    owner,
    blob,
    size,
    hash,
    access: accessOf(audience),
    createdAt: env.now(),
    expiresAt: expiryOf(context, upload),
  };
  await database.transaction(async (tx) => {
    // What became of the upload while its octets were looked at: it may be gone with its user.
    if ((await store.upload(tx, blob)) === undefined) throw unknown();
    await checkAudience(context, tx, owner, audience);
    await makePlace(context, tx, owner, audience);
    await store.addAsset(tx, asset);
    await store.finishUpload(tx, blob, { asset: asset.asset, at: env.now() });
  });
  return answerOf(asset);
}

/** What had the name goes in the transaction that gives it to another. */
export async function makePlace(
  { env, store, sweepSoon }: AssetsContext,
  tx: Tx,
  owner: UserUri,
  audience: AssetAudience,
): Promise<void> {
  if (audience.kind !== "own") return;
  const present = await store.named(tx, owner, audience.name);
  if (present === undefined) return;
  await store.deleteAsset(tx, present.asset, env.now());
  tx.afterCommit(sweepSoon);
}

export function accessOf(audience: AssetAudience): StoredAccess {
  switch (audience.kind) {
    case "room":
      return audience;
    case "bearer":
      return {
        kind: "bearer",
        secretHash: new Uint8Array(Buffer.from(audience.secretHash, "base64url")),
      };
    case "own":
      return { kind: "own", name: audience.name };
    default:
      return audience satisfies never;
  }
}

/** What is its user's own is kept until it is deleted; what is for others as the operator says. */
export function expiryOf(
  { bounds, env }: AssetsContext,
  { audience, expiresAt }: Pick<StoredUpload, "audience" | "expiresAt">,
): number | undefined {
  if (audience.kind === "own" || bounds.keptMs === 0) return expiresAt;
  return Math.min(expiresAt ?? Number.MAX_SAFE_INTEGER, env.now() + bounds.keptMs);
}

export function answerOf(asset: {
  readonly asset: AssetUri;
  readonly expiresAt: number | undefined;
}): FinishedAsset {
  const { asset: uri, expiresAt } = asset;
  return expiresAt === undefined ? { asset: uri } : { asset: uri, expiresAt };
}

async function hashOf(octets: AsyncIterable<Uint8Array>): Promise<Bytes> {
  const hash = createHash("sha256");
  for await (const chunk of octets) hash.update(chunk);
  return new Uint8Array(hash.digest());
}
