import { sql } from "drizzle-orm";
import {
  blob,
  index,
  integer,
  primaryKey,
  sqliteTable,
  text,
  uniqueIndex,
} from "drizzle-orm/sqlite-core";

/** Room names that were given out and wait for their group. */
export const reservations = sqliteTable(
  "delivery_reservations",
  {
    room: text("room").primaryKey(),
    user: text("user").notNull(),
    template: text("template").notNull(),
    hubPrivateKey: blob("hub_private_key", { mode: "buffer" }).notNull(),
    hubPublicKey: blob("hub_public_key", { mode: "buffer" }).notNull(),
    expiresAt: integer("expires_at").notNull(),
  },
  (table) => [
    index("delivery_reservations_by_user").on(table.user, table.expiresAt),
    index("delivery_reservations_by_expiry").on(table.expiresAt),
  ],
);

/** Rooms hosted here. Everything that changes with a message stands in `delivery_heads`. */
export const rooms = sqliteTable(
  "delivery_rooms",
  {
    id: integer("id").primaryKey({ autoIncrement: true }),
    room: text("room").notNull(),
    generation: integer("generation").notNull(),
    term: integer("term").notNull(),
    /** The position of the term's first entry; 0 in the first term. */
    termSince: integer("term_since").notNull().default(0),
    hubPrivateKey: blob("hub_private_key", { mode: "buffer" }).notNull(),
    hubPublicKey: blob("hub_public_key", { mode: "buffer" }).notNull(),
    foundedAt: integer("founded_at").notNull(),
    /** The head as it was signed last: at the founding, then with each commit. */
    signedHead: blob("signed_head", { mode: "buffer" }).notNull(),
  },
  (table) => [uniqueIndex("delivery_rooms_by_name").on(table.room)],
);

/** The narrow row that every accepted message rewrites. */
export const heads = sqliteTable("delivery_heads", {
  roomId: integer("room_id").primaryKey(),
  epoch: integer("epoch").notNull(),
  /** Rises with every accepted handshake or proposal. */
  revision: integer("revision").notNull(),
  position: integer("position").notNull(),
  hash: blob("hash", { mode: "buffer" }).notNull(),
});

/** One row per epoch whose tree can be rebuilt from `delivery_nodes`. */
export const epochs = sqliteTable(
  "delivery_epochs",
  {
    roomId: integer("room_id").notNull(),
    epoch: integer("epoch").notNull(),
    startedAt: integer("started_at").notNull(),
    /** Whether clients came in with it. */
    entered: integer("entered", { mode: "boolean" }).notNull().default(false),
    treeSize: integer("tree_size").notNull(),
    treeHash: blob("tree_hash", { mode: "buffer" }).notNull(),
    groupContext: blob("group_context", { mode: "buffer" }).notNull(),
    confirmationTag: blob("confirmation_tag", { mode: "buffer" }).notNull(),
    groupInfo: blob("group_info", { mode: "buffer" }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.roomId, table.epoch] })],
);

/**
 * Tree nodes by version: a row holds for the epochs from `since` up to, not including, `until`
 * (null: to this day). A blank node is the absence of a row.
 */
export const nodes = sqliteTable(
  "delivery_nodes",
  {
    id: integer("id").primaryKey(),
    roomId: integer("room_id").notNull(),
    node: integer("node").notNull(),
    since: integer("since").notNull(),
    until: integer("until"),
    content: blob("content", { mode: "buffer" }).notNull(),
  },
  (table) => [
    uniqueIndex("delivery_nodes_by_version").on(table.roomId, table.node, table.since),
    index("delivery_nodes_by_end").on(table.roomId, table.until),
  ],
);

/** The leaves of the current epoch. */
export const members = sqliteTable(
  "delivery_members",
  {
    roomId: integer("room_id").notNull(),
    leaf: integer("leaf").notNull(),
    client: text("client").notNull(),
    user: text("user").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.roomId, table.leaf] }),
    index("delivery_members_by_user").on(table.user, table.roomId),
  ],
);

/** Clients that a Welcome named, and so may fetch the tree of its epoch. */
export const welcomes = sqliteTable(
  "delivery_welcomes",
  {
    roomId: integer("room_id").notNull(),
    epoch: integer("epoch").notNull(),
    client: text("client").notNull(),
    /** When the tree need not be kept for this client any more. */
    keptUntil: integer("kept_until").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.roomId, table.epoch, table.client] }),
    index("delivery_welcomes_by_expiry").on(table.keptUntil),
  ],
);

/** Leaves that shall be removed, until a commit removed them. */
export const removals = sqliteTable(
  "delivery_removals",
  {
    roomId: integer("room_id").notNull(),
    leaf: integer("leaf").notNull(),
    requestedAt: integer("requested_at").notNull(),
    /** Of a revoked client whose user has no other one there: not proposed yet. */
    held: integer("held", { mode: "boolean" }).notNull().default(false),
  },
  (table) => [primaryKey({ columns: [table.roomId, table.leaf] })],
);

/** Accepted proposals of the current epoch, in the order of their acceptance. */
export const proposals = sqliteTable(
  "delivery_proposals",
  {
    roomId: integer("room_id").notNull(),
    ordinal: integer("ordinal").notNull(),
    acceptedAt: integer("accepted_at").notNull(),
    ref: blob("ref", { mode: "buffer" }).notNull(),
    message: blob("message", { mode: "buffer" }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.roomId, table.ordinal] })],
);

/** Accepted requests and their answers, so that a repeated one has no second effect. */
export const requests = sqliteTable(
  "delivery_requests",
  {
    /** Rises with the time of acceptance, so that expiry needs no index of its own. */
    id: integer("id").primaryKey(),
    key: blob("key", { mode: "buffer" }).notNull(),
    expiresAt: integer("expires_at").notNull(),
    answer: blob("answer", { mode: "buffer" }).notNull(),
  },
  (table) => [uniqueIndex("delivery_requests_by_key").on(table.key)],
);

/** Other servers with members in rooms hosted here, and which entries they may read. */
export const peers = sqliteTable(
  "delivery_peers",
  {
    roomId: integer("room_id").notNull(),
    peer: text("peer").notNull(),
    /** Position of the commit that brought the server's first client. */
    since: integer("since").notNull(),
    /** Position of the commit that removed its last; null while it has members. */
    until: integer("until"),
    /** The server has lost what it knew of the room: the next commit introduces it anew. */
    introduce: integer("introduce", { mode: "boolean" }).notNull().default(false),
  },
  (table) => [primaryKey({ columns: [table.roomId, table.peer, table.since] })],
);

/** Rooms hosted elsewhere that users of this server are or were in. */
export const followed = sqliteTable(
  "delivery_followed",
  {
    id: integer("id").primaryKey({ autoIncrement: true }),
    room: text("room").notNull(),
    /** The domain of the hub. */
    hub: text("hub").notNull(),
    hubKey: blob("hub_key", { mode: "buffer" }).notNull(),
    generation: integer("generation").notNull(),
    /** The newest head that the hub signed; null before the first. */
    signedHead: blob("signed_head", { mode: "buffer" }),
    /** The committer's GroupInfo of the newest epoch, for the hub in case it loses its own. */
    groupInfo: blob("group_info", { mode: "buffer" }),
  },
  (table) => [uniqueIndex("delivery_followed_by_name").on(table.room)],
);

/** The narrow row that every batch with entries of a followed room rewrites. */
export const followedHeads = sqliteTable(
  "delivery_followed_heads",
  {
    roomId: integer("room_id").primaryKey(),
    term: integer("term").notNull(),
    epoch: integer("epoch").notNull(),
    position: integer("position").notNull(),
    hash: blob("hash", { mode: "buffer" }).notNull(),
    /** The highest position that is known to exist: beyond `position` something is missing. */
    seen: integer("seen").notNull(),
    /** The hub contradicted itself: nothing more is taken of this room. */
    frozen: integer("frozen", { mode: "boolean" }).notNull(),
  },
  // Whoever connects is told of them, and there are none.
  (table) => [
    index("delivery_followed_frozen")
      .on(table.roomId)
      .where(sql`${table.frozen} = 1`),
  ],
);

/** The clients in followed rooms, as the entries tell. */
export const followedMembers = sqliteTable(
  "delivery_followed_members",
  {
    roomId: integer("room_id").notNull(),
    leaf: integer("leaf").notNull(),
    client: text("client").notNull(),
    user: text("user").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.roomId, table.leaf] }),
    index("delivery_followed_members_by_user").on(table.user, table.roomId),
  ],
);

/** External commits of own clients that were sent to a hub: that they join is believed. */
export const forwardedCommits = sqliteTable(
  "delivery_forwarded_commits",
  {
    hash: blob("hash", { mode: "buffer" }).primaryKey(),
    room: text("room").notNull(),
    client: text("client").notNull(),
    expiresAt: integer("expires_at").notNull(),
  },
  (table) => [index("delivery_forwarded_commits_by_expiry").on(table.expiresAt)],
);

/** Deleted users whose clients are still to be removed from rooms hosted here. */
export const departures = sqliteTable("delivery_departures", {
  user: text("user").primaryKey(),
  deletedAt: integer("deleted_at").notNull(),
});

/** Revoked clients that are still to be removed from rooms hosted here. */
export const revocations = sqliteTable("delivery_revocations", {
  client: text("client").primaryKey(),
  revokedAt: integer("revoked_at").notNull(),
});

/** Rooms elsewhere that a revoked client was in: its user's other clients may find them here. */
export const keptPlaces = sqliteTable(
  "delivery_kept_places",
  {
    user: text("user").notNull(),
    room: text("room").notNull(),
    keptUntil: integer("kept_until").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.user, table.room] }),
    index("delivery_kept_places_by_expiry").on(table.keptUntil),
  ],
);

/** Rooms hosted here that are as old as a backup, until it is settled where they go on. */
export const restored = sqliteTable("delivery_restored", {
  roomId: integer("room_id").primaryKey(),
  /** The next term and its first position are at least these: no earlier life had them. */
  termMin: integer("term_min").notNull(),
  positionMin: integer("position_min").notNull(),
});

/** Rooms that are followed and that this server has said it would take over. */
export const hubOffers = sqliteTable(
  "delivery_hub_offers",
  {
    room: text("room").primaryKey(),
    /** The term in which it would be the hub. */
    term: integer("term").notNull(),
    hubPrivateKey: blob("hub_private_key", { mode: "buffer" }).notNull(),
    hubPublicKey: blob("hub_public_key", { mode: "buffer" }).notNull(),
    notAfter: integer("not_after").notNull(),
    /** What the present hub has given for it: a `TakeOverRequest`. */
    prepared: blob("prepared", { mode: "buffer" }),
  },
  (table) => [index("delivery_hub_offers_by_end").on(table.notAfter)],
);

/** Rooms that were hosted here and have another hub; `delivery_peers` says who may read what. */
export const movedRooms = sqliteTable(
  "delivery_moved",
  {
    room: text("room").primaryKey(),
    /** The number that the room had in `delivery_rooms`. */
    roomId: integer("room_id").notNull(),
    hub: text("hub").notNull(),
    /** Of the entry with which the log of this hub ends. */
    position: integer("position").notNull(),
    signedHead: blob("signed_head", { mode: "buffer" }).notNull(),
    movedAt: integer("moved_at").notNull(),
  },
  (table) => [index("delivery_moved_by_time").on(table.movedAt)],
);

/** Uses of the join links of rooms hosted here, for as long as the link is there. */
export const linkUses = sqliteTable(
  "delivery_link_uses",
  {
    roomId: integer("room_id").notNull(),
    /** Of the commit that used it. */
    position: integer("position").notNull(),
    link: blob("link", { mode: "buffer" }).notNull(),
    /** Who came by it and has not taken its role yet. */
    owedTo: text("owed_to"),
  },
  (table) => [
    primaryKey({ columns: [table.roomId, table.position] }),
    index("delivery_link_uses_by_link").on(table.roomId, table.link),
  ],
);

export * from "./generations/schema.ts";
export * from "./health/schema.ts";
export * from "./moves/schema.ts";
