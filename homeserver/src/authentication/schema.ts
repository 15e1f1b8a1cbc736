import {
  blob,
  index,
  integer,
  primaryKey,
  sqliteTable,
  text,
  uniqueIndex,
} from "drizzle-orm/sqlite-core";

/** One row per living account. The name is the folded local part of the user's address. */
export const accounts = sqliteTable("authentication_accounts", {
  name: text("name").primaryKey(),
  admin: integer("admin", { mode: "boolean" }).notNull(),
  identityKey: blob("identity_key", { mode: "buffer" }).notNull(),
  /** OPAQUE registration record (RFC 9807 §3.1); null for an account without a password. */
  passwordRecord: blob("password_record", { mode: "buffer" }),
  /** Sealed by the client under its OPAQUE export key; opaque here. */
  recoveryBundle: blob("recovery_bundle", { mode: "buffer" }).notNull(),
  /** Rises with every change of record and bundle, which change together or not at all. */
  credentialVersion: integer("credential_version").notNull(),
  createdAt: integer("created_at").notNull(),
});

/** The second copy of a user's recovery bundle, which the recovery key opens, and no password. */
export const recoveryCopies = sqliteTable("authentication_recovery_copies", {
  owner: text("owner").primaryKey(),
  /** Rises by one with each recovery key. */
  version: integer("version").notNull(),
  /** Proves who knows the recovery key; says nothing about it. */
  verificationKey: blob("verification_key", { mode: "buffer" }).notNull(),
  sealedCopy: blob("sealed_copy", { mode: "buffer" }).notNull(),
  createdAt: integer("created_at").notNull(),
});

/** All that remains of a deleted account: a hash which keeps its name from being used again. */
export const tombstones = sqliteTable("authentication_tombstones", {
  nameHash: blob("name_hash", { mode: "buffer" }).primaryKey(),
  deletedAt: integer("deleted_at").notNull(),
});

/** Every version of every client list, countersigned, as it was served. */
export const clientLists = sqliteTable(
  "authentication_client_lists",
  {
    name: text("name").notNull(),
    version: integer("version").notNull(),
    hash: blob("hash", { mode: "buffer" }).notNull(),
    signedList: blob("signed_list", { mode: "buffer" }).notNull(),
    acceptedAt: integer("accepted_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.name, table.version] })],
);

/** The clients of the latest list of each user, with the identity their leaves carry. */
export const clients = sqliteTable(
  "authentication_clients",
  {
    client: text("client").primaryKey(),
    name: text("name").notNull(),
    signatureKey: blob("signature_key", { mode: "buffer" }).notNull(),
    leafIdentity: blob("leaf_identity", { mode: "buffer" }).notNull(),
    expiresAt: integer("expires_at").notNull(),
  },
  (table) => [index("authentication_clients_by_name").on(table.name)],
);

export const sessions = sqliteTable(
  "authentication_sessions",
  {
    /** SHA-256 of the token. The token itself exists only in the answer that created it. */
    tokenHash: blob("token_hash", { mode: "buffer" }).primaryKey(),
    id: text("id").notNull(),
    name: text("name").notNull(),
    client: text("client").notNull(),
    /** What the client says of itself; null when it says nothing. */
    clientName: text("client_name"),
    createdAt: integer("created_at").notNull(),
    usedAt: integer("used_at").notNull(),
  },
  (table) => [
    uniqueIndex("authentication_sessions_by_id").on(table.id),
    index("authentication_sessions_by_name").on(table.name),
    index("authentication_sessions_by_use").on(table.usedAt),
  ],
);

/** When clients whose sessions have ended were there last. */
export const seen = sqliteTable(
  "authentication_seen",
  {
    client: text("client").primaryKey(),
    name: text("name").notNull(),
    seenAt: integer("seen_at").notNull(),
  },
  (table) => [index("authentication_seen_by_name").on(table.name)],
);

/** Which copy of a client's store was let in last. The marks are random and say nothing. */
export const storeMarks = sqliteTable(
  "authentication_store_marks",
  {
    client: text("client").primaryKey(),
    name: text("name").notNull(),
    mark: blob("mark", { mode: "buffer" }).notNull(),
    /** Of copies that an older one has taken the place of: 16 octets each, the newest last. */
    replaced: blob("replaced", { mode: "buffer" }).notNull(),
    /** Let in before it, of the same store: in the same form. */
    former: blob("former", { mode: "buffer" }),
    /** When a copy was refused, until the one that is in use is told. */
    copiedAt: integer("copied_at"),
  },
  (table) => [index("authentication_store_marks_by_name").on(table.name)],
);

export const invites = sqliteTable(
  "authentication_invites",
  {
    id: text("id").primaryKey(),
    tokenHash: blob("token_hash", { mode: "buffer" }).notNull(),
    /** The account made with it administers the server. */
    admin: integer("admin", { mode: "boolean" }).notNull(),
    uses: integer("uses").notNull(),
    usesLeft: integer("uses_left").notNull(),
    expiresAt: integer("expires_at"),
    createdAt: integer("created_at").notNull(),
  },
  (table) => [uniqueIndex("authentication_invites_by_token").on(table.tokenHash)],
);

/** Where an owner, a user of this server, stands with somebody about any room or about one. */
export const contacts = sqliteTable(
  "authentication_contacts",
  {
    owner: text("owner").notNull(),
    /** Of this server or of another. */
    user: text("user").notNull(),
    /** Empty: any room. */
    room: text("room").notNull(),
    /** The user's domain, to count what is open with one server. */
    domain: text("domain").notNull(),
    asked: integer("asked", { mode: "boolean" }).notNull(),
    waiting: integer("waiting", { mode: "boolean" }).notNull(),
    given: integer("given", { mode: "boolean" }).notNull(),
    received: integer("received", { mode: "boolean" }).notNull(),
    note: text("note").notNull(),
    changedAt: integer("changed_at").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.owner, table.user, table.room] }),
    index("authentication_contacts_by_user").on(table.user),
    index("authentication_contacts_by_domain").on(table.domain, table.asked),
  ],
);

/** What a user's clients keep for each other, sealed under a key that only they have. */
export const accountData = sqliteTable(
  "authentication_account_data",
  {
    owner: text("owner").notNull(),
    /** Derived from the record's name under the clients' key. */
    slot: text("slot").notNull(),
    version: integer("version").notNull(),
    sealed: blob("sealed", { mode: "buffer" }).notNull(),
    changedAt: integer("changed_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.owner, table.slot] })],
);

/** A reset by e-mail that was asked for, and one that waits for the account's active clients. */
export const resets = sqliteTable(
  "authentication_resets",
  {
    name: text("name").primaryKey(),
    /** SHA-256 of the token that was mailed last; null once it was used. */
    tokenHash: blob("token_hash", { mode: "buffer" }),
    tokenExpiresAt: integer("token_expires_at"),
    /** Null while nothing is waited for. */
    waitsUntil: integer("waits_until"),
    readyUntil: integer("ready_until"),
  },
  (table) => [uniqueIndex("authentication_resets_by_token").on(table.tokenHash)],
);

export const blocks = sqliteTable(
  "authentication_blocks",
  {
    owner: text("owner").notNull(),
    user: text("user").notNull(),
    blockedAt: integer("blocked_at").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.owner, table.user] }),
    index("authentication_blocks_by_user").on(table.user),
  ],
);

/** Who may find an owner, ask and add them; no row: as by default. */
export const privacy = sqliteTable("authentication_privacy", {
  owner: text("owner").primaryKey(),
  findable: text("findable").notNull(),
  requests: text("requests").notNull(),
  adding: text("adding").notNull(),
});
