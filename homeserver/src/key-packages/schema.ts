import { blob, index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** KeyPackages that wait to be claimed. A row that is handed out is deleted, unless last resort. */
export const stock = sqliteTable(
  "key_packages_stock",
  {
    /** KeyPackageRef (RFC 9420 §5.2). */
    ref: blob("ref", { mode: "buffer" }).primaryKey(),
    client: text("client").notNull(),
    suite: integer("suite").notNull(),
    lastResort: integer("last_resort", { mode: "boolean" }).notNull(),
    notBefore: integer("not_before").notNull(),
    notAfter: integer("not_after").notNull(),
    keyPackage: blob("key_package", { mode: "buffer" }).notNull(),
  },
  (table) => [
    index("key_packages_stock_by_client").on(
      table.client,
      table.lastResort,
      table.suite,
      table.notAfter,
    ),
    index("key_packages_stock_by_expiry").on(table.notAfter),
  ],
);

/**
 * To whom each KeyPackage went and for which room (empty for none), until it expires: a Welcome
 * is believed only for a KeyPackage that was handed out, and none enters the stock again.
 */
export const handedOut = sqliteTable(
  "key_packages_handed_out",
  {
    ref: blob("ref", { mode: "buffer" }).notNull(),
    requester: text("requester").notNull(),
    room: text("room").notNull(),
    client: text("client").notNull(),
    at: integer("at").notNull(),
    notAfter: integer("not_after").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.ref, table.requester, table.room] }),
    index("key_packages_handed_out_by_client").on(table.client),
    index("key_packages_handed_out_by_requester").on(table.requester),
    index("key_packages_handed_out_by_expiry").on(table.notAfter),
  ],
);

/** Answers to peers' claims that handed something out: the same transaction gets the same again. */
export const answers = sqliteTable(
  "key_packages_answers",
  {
    peer: text("peer").notNull(),
    transaction: text("transaction_id").notNull(),
    target: text("target").notNull(),
    requestHash: blob("request_hash", { mode: "buffer" }).notNull(),
    answer: blob("answer", { mode: "buffer" }).notNull(),
    keptAt: integer("kept_at").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.peer, table.transaction] }),
    index("key_packages_answers_by_time").on(table.keptAt),
    index("key_packages_answers_by_target").on(table.target),
  ],
);
