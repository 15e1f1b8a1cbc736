import {
  assetAudienceSchema,
  parseAssetUri,
  parseRoomUri,
  parseUserUri,
} from "@treehouse/protocol";
import { Assertion } from "../platform/index.ts";
import type { assets, copies, uploads } from "./schema.ts";
import type { CopyGrant, StoredAccess, StoredAsset, StoredCopy, StoredUpload } from "./store.ts";

export type AssetRow = typeof assets.$inferSelect;

export function assetOf(row: AssetRow): StoredAsset {
  return {
    asset: parseAssetUri(row.asset),
    owner: parseUserUri(row.owner),
    blob: row.blob,
    size: row.size,
    hash: new Uint8Array(row.hash),
    access: accessOf(row),
    createdAt: row.createdAt,
    expiresAt: row.expiresAt ?? undefined,
  };
}

function accessOf({ kind, name, room, secretHash }: AssetRow): StoredAccess {
  if (kind === "own" && name !== null) return { kind, name };
  if (kind !== "own") {
    const grant = grantOf({ room, secretHash });
    if (grant.kind === kind) return grant;
  }
  throw new Assertion("An asset's row says who may have it.");
}

export function rowOf(stored: StoredAsset): AssetRow {
  const { access, hash, expiresAt = null, ...rest } = stored;
  return {
    ...rest,
    hash: Buffer.from(hash),
    expiresAt,
    kind: access.kind,
    room: access.kind === "room" ? access.room : null,
    secretHash: access.kind === "bearer" ? Buffer.from(access.secretHash) : null,
    name: access.kind === "own" ? access.name : null,
  };
}

export function uploadOf(row: typeof uploads.$inferSelect): StoredUpload {
  return {
    blob: row.blob,
    owner: parseUserUri(row.owner),
    size: row.size,
    audience: assetAudienceSchema.parse(JSON.parse(row.audience)),
    expiresAt: row.expiresAt ?? undefined,
    touchedAt: row.touchedAt,
    asset: row.asset === null ? undefined : parseAssetUri(row.asset),
  };
}

export function copyOf(row: typeof copies.$inferSelect): StoredCopy {
  const { asset, askedAt, size, usedAt } = row;
  return { asset: parseAssetUri(asset), size, grant: grantOf(row), askedAt, usedAt };
}

function grantOf(row: {
  readonly room: string | null;
  readonly secretHash: Uint8Array | null;
}): CopyGrant {
  if (row.room !== null) return { kind: "room", room: parseRoomUri(row.room) };
  if (row.secretHash === null) throw new Assertion("An asset is given for something.");
  return { kind: "bearer", secretHash: new Uint8Array(row.secretHash) };
}
