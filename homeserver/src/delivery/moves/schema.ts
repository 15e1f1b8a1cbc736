import { blob, index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** The last words of hubs whose rooms, followed or hosted here, have another one since. */
export const closings = sqliteTable(
  "delivery_closings",
  {
    room: text("room").notNull(),
    /** The last one of that hub. */
    term: integer("term").notNull(),
    /** At the entry with which it closed its log. */
    signedHead: blob("signed_head", { mode: "buffer" }).notNull(),
    closedAt: integer("closed_at").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.room, table.term] }),
    index("delivery_closings_by_time").on(table.closedAt),
  ],
);
