import { blob, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

/** The servers to which something was ever sent, each with the life of the stream to it. */
export const peers = sqliteTable("federation_peers", {
  /** Never given twice. */
  id: integer("id").primaryKey({ autoIncrement: true }),
  domain: text("domain").notNull().unique(),
  /** Names the life of the sequences that the peer sees, 16 octets. */
  incarnation: blob("incarnation", { mode: "buffer" }).notNull(),
  /** What the peer sees as sequence 1 stands in the outbox as `base` + 1. */
  base: integer("base").notNull(),
  /**
   * Everything up to here is done with, and its rows are gone. Numbers go on behind it also when no
   * row is left, so that none is ever given twice.
   */
  kept: integer("kept").notNull(),
});

/** Rooms by a small number, so that a row of the outbox stays narrow. */
export const rooms = sqliteTable("federation_rooms", {
  id: integer("id").primaryKey({ autoIncrement: true }),
  room: text("room").notNull().unique(),
});

/**
 * What each peer is still to be sent: mostly a pointer to an entry of a room's log. A rowid table
 * with one narrow index; no foreign keys, since a row is written with every message and peer.
 */
export const outbox = sqliteTable(
  "federation_outbox",
  {
    id: integer("id").primaryKey(),
    peer: integer("peer").notNull(),
    /** Without gaps for a peer, over all its incarnations. */
    sequence: integer("sequence").notNull(),
    /** See `ItemForm`. */
    form: integer("form").notNull(),
    /** 0 for what belongs to no room. */
    room: integer("room").notNull(),
    position: integer("position").notNull(),
    /** In seconds, which is narrower. */
    addedAt: integer("added_at").notNull(),
  },
  (table) => [uniqueIndex("federation_outbox_by_sequence").on(table.peer, table.sequence)],
);

/** What an item of the outbox consists of beside or in place of an entry. */
export const attached = sqliteTable(
  "federation_attached",
  {
    peer: integer("peer").notNull(),
    sequence: integer("sequence").notNull(),
    /** In the form in which it travels; the item's `form` says which. */
    body: blob("body", { mode: "buffer" }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.peer, table.sequence] })],
);

/** Items that a peer will never take, for the operator. */
export const dead = sqliteTable(
  "federation_dead",
  {
    id: integer("id").primaryKey({ autoIncrement: true }),
    peer: integer("peer").notNull(),
    /** Its number in the outbox, so that it dies once. */
    sequence: integer("sequence").notNull(),
    form: integer("form").notNull(),
    room: integer("room").notNull(),
    position: integer("position").notNull(),
    code: text("code").notNull(),
    at: integer("at").notNull(),
    /** Of what is stored nowhere else. */
    body: blob("body", { mode: "buffer" }),
  },
  (table) => [uniqueIndex("federation_dead_by_sequence").on(table.peer, table.sequence)],
);

/** How far the streams of other servers to this one have come. */
export const inbound = sqliteTable(
  "federation_inbound",
  {
    /** Rises with each life of a peer's stream that is met. */
    id: integer("id").primaryKey({ autoIncrement: true }),
    origin: text("origin").notNull(),
    incarnation: blob("incarnation", { mode: "buffer" }).notNull(),
    /** The sequence that is expected next. */
    next: integer("next").notNull(),
  },
  (table) => [uniqueIndex("federation_inbound_by_stream").on(table.origin, table.incarnation)],
);

/** Items that were rejected lately: an answer that got lost is given again. */
export const rejected = sqliteTable(
  "federation_rejected",
  {
    inbound: integer("inbound").notNull(),
    sequence: integer("sequence").notNull(),
    code: text("code").notNull(),
  },
  (table) => [primaryKey({ columns: [table.inbound, table.sequence] })],
);
