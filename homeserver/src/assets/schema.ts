import { sql } from "drizzle-orm";
import { blob, index, integer, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

/** What may be fetched, and by whom: each row is one reference to a blob. */
export const assets = sqliteTable(
  "assets_assets",
  {
    asset: text("asset").primaryKey(),
    owner: text("owner").notNull(),
    /** The key of the blob in the blob store. */
    blob: text("blob").notNull(),
    size: integer("size").notNull(),
    hash: blob("hash", { mode: "buffer" }).notNull(),
    kind: text("kind", { enum: ["room", "bearer", "own"] }).notNull(),
    room: text("room"),
    secretHash: blob("secret_hash", { mode: "buffer" }),
    name: text("name"),
    createdAt: integer("created_at").notNull(),
    expiresAt: integer("expires_at"),
  },
  (table) => [
    index("assets_assets_by_owner").on(table.owner, table.size),
    index("assets_assets_by_blob").on(table.blob),
    index("assets_assets_by_expiry").on(table.expiresAt),
    index("assets_assets_by_room")
      .on(table.room)
      .where(sql`room IS NOT NULL`),
    uniqueIndex("assets_assets_by_name")
      .on(table.owner, table.name)
      .where(sql`name IS NOT NULL`),
  ],
);

/** Blobs in the blob store; without a reference they are about to go. */
export const blobs = sqliteTable(
  "assets_blobs",
  {
    blob: text("blob").primaryKey(),
    size: integer("size").notNull(),
    doomed: integer("doomed", { mode: "boolean" }).notNull(),
  },
  (table) => [index("assets_blobs_doomed").on(table.doomed)],
);

/** Uploads under way, and for a while those that are done. */
export const uploads = sqliteTable(
  "assets_uploads",
  {
    /** SHA-256 of its name in hexadecimal: the key of its file, and of the blob it becomes. */
    blob: text("blob").primaryKey(),
    owner: text("owner").notNull(),
    size: integer("size").notNull(),
    /** For whom it shall be, as JSON. */
    audience: text("audience").notNull(),
    expiresAt: integer("expires_at"),
    touchedAt: integer("touched_at").notNull(),
    /** What it has become. */
    asset: text("asset"),
  },
  (table) => [
    index("assets_uploads_by_owner").on(table.owner, table.asset),
    index("assets_uploads_by_time").on(table.touchedAt),
  ],
);

/** Other servers that may have a copy of an asset, and must hear when it is deleted. */
export const holders = sqliteTable(
  "assets_holders",
  {
    asset: text("asset").notNull(),
    peer: text("peer").notNull(),
    /** When the asset was deleted, from then on; the row goes when the server knows. */
    deletedAt: integer("deleted_at"),
  },
  (table) => [
    uniqueIndex("assets_holders_by_asset").on(table.asset, table.peer),
    index("assets_holders_deleted").on(table.deletedAt, table.peer),
  ],
);

/** Copies of other servers' assets, piece by piece in the cache's folder. */
export const copies = sqliteTable(
  "assets_copies",
  {
    asset: text("asset").primaryKey(),
    size: integer("size").notNull(),
    /** What the holder gave it for: a room, or the hash of a secret. */
    room: text("room"),
    secretHash: blob("secret_hash", { mode: "buffer" }),
    askedAt: integer("asked_at").notNull(),
    usedAt: integer("used_at").notNull(),
  },
  (table) => [index("assets_copies_by_use").on(table.usedAt)],
);
