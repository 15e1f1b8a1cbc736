import {
  blob,
  index,
  integer,
  primaryKey,
  sqliteTable,
  text,
  uniqueIndex,
} from "drizzle-orm/sqlite-core";

/** One row: the name of this uninterrupted life of the streams, which a restore changes. */
export const incarnations = sqliteTable("queuing_incarnations", {
  id: integer("id").primaryKey(),
  incarnation: blob("incarnation", { mode: "buffer" }).notNull(),
});

/**
 * The streams. A stream's head is not a column, because it would be written with each entry: it is
 * the highest position among the entries, or `prunedTo` if that is higher.
 */
export const streams = sqliteTable(
  "queuing_streams",
  {
    /** Never given twice, so that a number kept in memory cannot come to mean another stream. */
    id: integer("id").primaryKey({ autoIncrement: true }),
    /** A room URI, or the URI of the client whose inbox it is. */
    name: text("name").notNull().unique(),
    /** 1 room, 2 inbox. */
    kind: integer("kind").notNull(),
    /** Of the entries up to here only handshakes are left; after it nothing is missing. */
    prunedTo: integer("pruned_to").notNull().default(0),
    /** No entry up to here is left. */
    droppedTo: integer("dropped_to").notNull().default(0),
    /** Entries up to here went although a client had not read them, because it had too many. */
    overflowedTo: integer("overflowed_to").notNull().default(0),
    /** When retention looks at this stream next, in ms; null while there is nothing to expire. */
    dueAt: integer("due_at"),
  },
  (table) => [index("queuing_streams_by_due").on(table.dueAt)],
);

/**
 * Positions that a restore took out of streams. Kept for good: a reader may come back at any time,
 * and must learn that this server had forgotten something rather than that entries had expired.
 */
export const jumps = sqliteTable(
  "queuing_jumps",
  {
    stream: integer("stream").notNull(),
    /** The first position that nothing stands at any more, whatever stood there once. */
    from: integer("from").notNull(),
    /** The last one; the stream goes on behind it. */
    to: integer("to").notNull(),
    /** A room's encoded `SignedHead` of the term that began there; null in an inbox. */
    head: blob("head", { mode: "buffer" }),
  },
  (table) => [primaryKey({ columns: [table.stream, table.to] })],
);

/**
 * The entries of all streams in the order of their arrival: a rowid table with one narrow index
 * takes three times as many rows per second as one that is sorted by stream and position. No
 * foreign key: the insert itself looks the stream up.
 */
export const entries = sqliteTable(
  "queuing_entries",
  {
    id: integer("id").primaryKey(),
    stream: integer("stream").notNull(),
    position: integer("position").notNull(),
    handshake: integer("handshake", { mode: "boolean" }).notNull(),
    /** When this server stored it, in ms: retention counts from here. */
    storedAt: integer("stored_at").notNull(),
    /** The finished bytes, exactly as they travel. Their first octet is their version. */
    bytes: blob("bytes", { mode: "buffer" }).notNull(),
  },
  (table) => [uniqueIndex("queuing_entries_by_position").on(table.stream, table.position)],
);

/**
 * What a client may read of a stream: the positions from `after`, exclusive, to `upTo`, inclusive
 * and open while null. A client that was removed from a room and added again has several rows for
 * it. The client's own inbox is one more row, whose `stream` is its `client`.
 */
export const subscriptions = sqliteTable(
  "queuing_subscriptions",
  {
    /** The id of the client's inbox stream. */
    client: integer("client").notNull(),
    stream: integer("stream").notNull(),
    after: integer("after").notNull(),
    upTo: integer("up_to"),
    /** The highest position that the client has acknowledged; `after` in the beginning. */
    cursor: integer("cursor").notNull(),
    /** Nothing is delivered before the inbox is acknowledged up to here; 0 for no such wait. */
    awaitsInbox: integer("awaits_inbox").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.client, table.stream, table.after] }),
    index("queuing_subscriptions_by_stream").on(table.stream),
  ],
);
