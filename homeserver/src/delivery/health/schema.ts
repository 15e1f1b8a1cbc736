import { blob, index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/**
 * The newest commit of a room hosted here while it is not known that anybody else could apply it, with
 * what the room had before it and the commit took away: it may be voided (FED-1102).
 */
export const unsettled = sqliteTable(
  "delivery_unsettled",
  {
    roomId: integer("room_id").notNull(),
    /** The epoch that the commit ended. */
    epoch: integer("epoch").notNull(),
    position: integer("position").notNull(),
    /** Chain hash of its entry. */
    hash: blob("hash", { mode: "buffer" }).notNull(),
    committer: text("committer").notNull(),
    external: integer("external", { mode: "boolean" }).notNull(),
    /** What was due and pending before it; encoded. */
    before: blob("before", { mode: "buffer" }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.roomId, table.position] })],
);

/** What leaves have reported of those commits. */
export const reports = sqliteTable(
  "delivery_reports",
  {
    roomId: integer("room_id").notNull(),
    user: text("user").notNull(),
    /** Of the commit. */
    position: integer("position").notNull(),
    acceptedAt: integer("accepted_at").notNull(),
    report: blob("report", { mode: "buffer" }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.roomId, table.user] })],
);

/** Commits that were voided, and whose they were. */
export const voids = sqliteTable(
  "delivery_voids",
  {
    roomId: integer("room_id").notNull(),
    /** Of the void. */
    position: integer("position").notNull(),
    /** The epoch that stands. */
    epoch: integer("epoch").notNull(),
    user: text("user").notNull(),
    voidedAt: integer("voided_at").notNull(),
    /** Until when the user commits nothing. */
    until: integer("until").notNull(),
    /** Another user's commit ends the wait. */
    lenient: integer("lenient", { mode: "boolean" }).notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.roomId, table.position] }),
    index("delivery_voids_by_time").on(table.voidedAt),
  ],
);
