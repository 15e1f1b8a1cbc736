import { blob, index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** Rooms that are followed, whose hub is gone, and that owners want to go on here. */
export const claims = sqliteTable(
  "delivery_claims",
  {
    room: text("room").primaryKey(),
    /** A `GenerationClaim`. */
    claim: blob("claim", { mode: "buffer" }).notNull(),
    /** Who has agreed: `Endorsement<V>`. */
    endorsements: blob("endorsements", { mode: "buffer" }).notNull(),
    hubPrivateKey: blob("hub_private_key", { mode: "buffer" }).notNull(),
    expiresAt: integer("expires_at").notNull(),
  },
  (table) => [index("delivery_claims_by_end").on(table.expiresAt)],
);
