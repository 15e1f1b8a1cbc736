import { blob, integer, sqliteTable } from "drizzle-orm/sqlite-core";

/** One row: what the database knows of its own lives. */
export const lives = sqliteTable("backup_lives", {
  id: integer("id").primaryKey(),
  /** Raised at each start and every hour, here and in a file beside the database. */
  count: integer("count").notNull(),
  /** Of the streams. */
  incarnation: blob("incarnation", { mode: "buffer" }).notNull(),
  /** When this copy was made for a backup, in ms; null in the database that is in use. */
  copiedAt: integer("copied_at"),
});
