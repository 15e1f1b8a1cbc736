import { blob, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** Other servers that proved who they are, one row each. */
export const known = sqliteTable("peers_known", {
  domain: text("domain").primaryKey(),
  firstSeenAt: integer("first_seen_at").notNull(),
  /** The last request of that server that was signed validly. */
  inboundAt: integer("inbound_at"),
  /** The last request to that server that it answered. */
  outboundAt: integer("outbound_at"),
  /** Since when its directory names a key that nothing vouches for. */
  frozenAt: integer("frozen_at"),
  /** Nothing was taken of it that was signed later, in seconds; absent unless its clock is ahead. */
  signedUntil: integer("signed_until"),
});

/** Their keys: pinned, or only offered by a server that is frozen. */
export const keys = sqliteTable(
  "peers_keys",
  {
    domain: text("domain").notNull(),
    kid: text("kid").notNull(),
    key: blob("key", { mode: "buffer" }).notNull(),
    notBefore: integer("not_before").notNull(),
    expires: integer("expires"),
    seenAt: integer("seen_at").notNull(),
    pinned: integer("pinned", { mode: "boolean" }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.domain, table.kid, table.pinned] })],
);

/** What the operator decided about a server, or about all names below one (`*.example.org`). */
export const rules = sqliteTable("peers_rules", {
  subject: text("subject").primaryKey(),
  action: text("action", { enum: ["allow", "deny", "limit"] }).notNull(),
  perMinute: integer("per_minute"),
  reason: text("reason").notNull(),
  createdAt: integer("created_at").notNull(),
  expiresAt: integer("expires_at"),
});
