import { and, asc, eq, gt, gte, inArray, isNotNull, isNull, lt, lte, sql } from "drizzle-orm";
import { parseAssetUri, parseDomain } from "@treehouse/protocol";
import type { Database } from "../platform/index.ts";
import { createCopyStore } from "./copy-store.sqlite.ts";
import { assetOf, rowOf, uploadOf } from "./rows.ts";
import { assets, blobs, holders, uploads } from "./schema.ts";
import type { AssetStore } from "./store.ts";

export function createSqliteStore(database: Database): AssetStore {
  return {
    ...usageMethods(database),
    ...uploadMethods(database),
    ...assetMethods(database),
    ...blobMethods(database),
    ...holderMethods(database),
    ...createCopyStore(database),
  };
}

function usageMethods(database: Database): Pick<AssetStore, "usage" | "totalBytes"> {
  const usage = database.prepare(({ $client }) =>
    $client.prepare<[string, string], { bytes: number; assets: number; uploads: number }>(
      `SELECT one.bytes + other.bytes AS bytes, one.rows AS assets, other.rows AS uploads FROM
         (SELECT coalesce(sum(size), 0) AS bytes, count(*) AS rows
            FROM assets_assets WHERE owner = ?) AS one,
         (SELECT coalesce(sum(size), 0) AS bytes, count(*) AS rows
            FROM assets_uploads WHERE owner = ? AND asset IS NULL) AS other`,
    ),
  );
  const total = database.prepare(({ $client }) =>
    $client.prepare<[], { bytes: number }>(
      `SELECT (SELECT coalesce(sum(size), 0) FROM assets_blobs WHERE doomed = 0)
            + (SELECT coalesce(sum(size), 0) FROM assets_uploads WHERE asset IS NULL) AS bytes`,
    ),
  );
  return {
    usage: async (tx, owner) => usage(tx).get(owner, owner) ?? { bytes: 0, assets: 0, uploads: 0 },
    totalBytes: async (tx) => total(tx).get()?.bytes ?? 0,
  };
}

function uploadMethods(
  database: Database,
): Pick<
  AssetStore,
  | "addUpload"
  | "upload"
  | "touchUpload"
  | "finishUpload"
  | "deleteUpload"
  | "restingUploads"
  | "uploadsOfOwner"
> {
  return {
    addUpload: async (tx, { audience, ...upload }) =>
      void database
        .sql(tx)
        .insert(uploads)
        .values({ ...upload, audience: JSON.stringify(audience) })
        .run(),
    upload: async (tx, blob) => {
      const row = database
        .sql(tx)
        .select()
        .from(uploads)
        .where(eq(uploads.blob, blob))
        .orderBy(asc(uploads.blob))
        .get();
      return row && uploadOf(row);
    },
    touchUpload: async (tx, blob, at) =>
      void database
        .sql(tx)
        .update(uploads)
        .set({ touchedAt: at })
        .where(eq(uploads.blob, blob))
        .run(),
    finishUpload: async (tx, blob, { asset, at }) =>
      void database
        .sql(tx)
        .update(uploads)
        .set({ asset, touchedAt: at })
        .where(eq(uploads.blob, blob))
        .run(),
    deleteUpload: async (tx, blob) =>
      void database.sql(tx).delete(uploads).where(eq(uploads.blob, blob)).run(),
    restingUploads: async (tx, { open, finished }, limit) =>
      database
        .sql(tx)
        .select()
        .from(uploads)
        .where(sql`${uploads.touchedAt} < iif(${uploads.asset} IS NULL, ${open}, ${finished})`)
        .orderBy(asc(uploads.touchedAt))
        .limit(limit)
        .all()
        .map(uploadOf),
    uploadsOfOwner: async (tx, owner) =>
      database
        .sql(tx)
        .select({ blob: uploads.blob })
        .from(uploads)
        .where(eq(uploads.owner, owner))
        .orderBy(asc(uploads.blob))
        .all()
        .map(({ blob }) => blob),
  };
}

function assetMethods(
  database: Database,
): Pick<
  AssetStore,
  "addAsset" | "asset" | "named" | "namedFrom" | "deleteAsset" | "ofOwner" | "ofRoom" | "expired"
> {
  return {
    addAsset: async (tx, stored) => {
      const db = database.sql(tx);
      const { blob, size } = stored;
      db.insert(blobs)
        .values({ blob, size, doomed: false })
        .onConflictDoUpdate({ target: blobs.blob, set: { doomed: false } })
        .run();
      db.insert(assets).values(rowOf(stored)).run();
    },
    asset: async (tx, asset) => {
      const row = database
        .sql(tx)
        .select()
        .from(assets)
        .where(eq(assets.asset, asset))
        .orderBy(asc(assets.asset))
        .get();
      return row && assetOf(row);
    },
    named: async (tx, owner, name) => {
      const row = database
        .sql(tx)
        .select()
        .from(assets)
        .where(and(eq(assets.owner, owner), eq(assets.name, name)))
        .orderBy(asc(assets.name))
        .get();
      return row && assetOf(row);
    },
    namedFrom: async (tx, owner, { prefix, after, limit }) =>
      database
        .sql(tx)
        .select()
        .from(assets)
        .where(
          and(
            eq(assets.owner, owner),
            gte(assets.name, prefix),
            // Names are of ASCII alone: nothing that begins so comes behind this.
            lt(assets.name, `${prefix}\u{7f}`),
            gt(assets.name, after),
          ),
        )
        .orderBy(asc(assets.name))
        .limit(limit)
        .all()
        .map(assetOf),
    deleteAsset: async (tx, asset, at) => {
      const db = database.sql(tx);
      const gone = db.delete(assets).where(eq(assets.asset, asset)).returning().get();
      if (gone === undefined) return;
      db.update(holders).set({ deletedAt: at }).where(eq(holders.asset, asset)).run();
      const other = db
        .select({ asset: assets.asset })
        .from(assets)
        .where(eq(assets.blob, gone.blob))
        .orderBy(asc(assets.asset))
        .limit(1)
        .get();
      if (other === undefined) {
        db.update(blobs).set({ doomed: true }).where(eq(blobs.blob, gone.blob)).run();
      }
    },
    ofOwner: async (tx, owner, limit) =>
      database
        .sql(tx)
        .select({ asset: assets.asset })
        .from(assets)
        .where(eq(assets.owner, owner))
        .orderBy(asc(assets.asset))
        .limit(limit)
        .all()
        .map(({ asset }) => parseAssetUri(asset)),
    ofRoom: async (tx, room, limit) =>
      database
        .sql(tx)
        .select({ asset: assets.asset })
        .from(assets)
        .where(eq(assets.room, room))
        .orderBy(asc(assets.asset))
        .limit(limit)
        .all()
        .map(({ asset }) => parseAssetUri(asset)),
    expired: async (tx, at, limit) =>
      database
        .sql(tx)
        .select({ asset: assets.asset })
        .from(assets)
        .where(lte(assets.expiresAt, at))
        .orderBy(asc(assets.expiresAt))
        .limit(limit)
        .all()
        .map(({ asset }) => parseAssetUri(asset)),
  };
}

function blobMethods(
  database: Database,
): Pick<AssetStore, "doomed" | "forgetBlob" | "unknownBlobs"> {
  return {
    doomed: async (tx, limit) =>
      database
        .sql(tx)
        .select({ blob: blobs.blob })
        .from(blobs)
        .where(eq(blobs.doomed, true))
        .orderBy(asc(blobs.blob))
        .limit(limit)
        .all()
        .map(({ blob }) => blob),
    forgetBlob: async (tx, blob) => {
      const { changes } = database
        .sql(tx)
        .delete(blobs)
        .where(and(eq(blobs.blob, blob), eq(blobs.doomed, true)))
        .run();
      return changes > 0;
    },
    unknownBlobs: async (tx, keys) => {
      const db = database.sql(tx);
      const known = [
        ...db
          .select({ blob: blobs.blob })
          .from(blobs)
          .where(inArray(blobs.blob, [...keys]))
          .orderBy(asc(blobs.blob))
          .all(),
        ...db
          .select({ blob: uploads.blob })
          .from(uploads)
          .where(and(inArray(uploads.blob, [...keys]), isNull(uploads.asset)))
          .orderBy(asc(uploads.blob))
          .all(),
      ];
      const explained = new Set(known.map(({ blob }) => blob));
      return keys.filter((key) => !explained.has(key));
    },
  };
}

function holderMethods(
  database: Database,
): Pick<
  AssetStore,
  "addHolder" | "isHolder" | "holdersToTell" | "toTell" | "told" | "forgetNotices"
> {
  return {
    addHolder: async (tx, asset, peer) =>
      void database.sql(tx).insert(holders).values({ asset, peer }).onConflictDoNothing().run(),
    isHolder: async (tx, asset, peer) =>
      database
        .sql(tx)
        .select({ peer: holders.peer })
        .from(holders)
        .where(and(eq(holders.asset, asset), eq(holders.peer, peer)))
        .orderBy(asc(holders.peer))
        .get() !== undefined,
    holdersToTell: async (tx) =>
      database
        .sql(tx)
        .selectDistinct({ peer: holders.peer })
        .from(holders)
        .where(isNotNull(holders.deletedAt))
        .orderBy(asc(holders.peer))
        .all()
        .map(({ peer }) => parseDomain(peer)),
    toTell: async (tx, peer, limit) =>
      database
        .sql(tx)
        .select({ asset: holders.asset })
        .from(holders)
        .where(and(isNotNull(holders.deletedAt), eq(holders.peer, peer)))
        .orderBy(asc(holders.deletedAt), asc(holders.asset))
        .limit(limit)
        .all()
        .map(({ asset }) => parseAssetUri(asset)),
    told: async (tx, peer, list) =>
      void database
        .sql(tx)
        .delete(holders)
        .where(and(eq(holders.peer, peer), inArray(holders.asset, [...list])))
        .run(),
    forgetNotices: async (tx, before) =>
      void database.sql(tx).delete(holders).where(lt(holders.deletedAt, before)).run(),
  };
}
