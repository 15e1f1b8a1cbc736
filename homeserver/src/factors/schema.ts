import {
  blob,
  index,
  integer,
  primaryKey,
  sqliteTable,
  text,
  uniqueIndex,
} from "drizzle-orm/sqlite-core";

/** The authenticator app of an account, or the one that is being set up. */
export const totp = sqliteTable("factors_totp", {
  name: text("name").primaryKey(),
  /** Of the sealing key under which the secret lies. */
  keyId: text("key_id").notNull(),
  secret: blob("secret", { mode: "buffer" }).notNull(),
  startedAt: integer("started_at").notNull(),
  /** Null until a code has shown that the app has the secret; until then it asks nobody. */
  confirmedAt: integer("confirmed_at"),
  /** The step of the last code that was taken: no code counts twice. */
  lastStep: integer("last_step").notNull(),
});

/** Wrong codes of an account, of whatever factor. */
export const tries = sqliteTable("factors_tries", {
  name: text("name").primaryKey(),
  /** Since the last right one. */
  failures: integer("failures").notNull(),
  /** No code is tried before. */
  retryAt: integer("retry_at").notNull(),
});

/** Passkeys of accounts: their public halves. */
export const passkeys = sqliteTable(
  "factors_passkeys",
  {
    /** The credential id, as WebAuthn writes it. */
    id: text("id").primaryKey(),
    name: text("name").notNull(),
    /** A COSE key. */
    publicKey: blob("public_key", { mode: "buffer" }).notNull(),
    counter: integer("counter").notNull(),
    /** How its user calls it. */
    label: text("label").notNull(),
    createdAt: integer("created_at").notNull(),
    usedAt: integer("used_at"),
  },
  (table) => [index("factors_passkeys_by_name").on(table.name)],
);

/** The account at the operator's provider of logins that an account is linked with. */
export const externalLogins = sqliteTable(
  "factors_external_logins",
  {
    name: text("name").primaryKey(),
    issuer: text("issuer").notNull(),
    /** SHA-256 of issuer and subject. */
    subjectHash: blob("subject_hash", { mode: "buffer" }).notNull(),
    linkedAt: integer("linked_at").notNull(),
  },
  (table) => [uniqueIndex("factors_external_logins_by_subject").on(table.subjectHash)],
);

/** The e-mail address of an account, and one that waits for its code. */
export const emails = sqliteTable(
  "factors_emails",
  {
    name: text("name").notNull(),
    verified: integer("verified", { mode: "boolean" }).notNull(),
    keyId: text("key_id").notNull(),
    /** The address, and the code that was sent to it as long as that is open. */
    content: blob("content", { mode: "buffer" }).notNull(),
    triesLeft: integer("tries_left").notNull(),
    /** Of the code; 0 once the address is verified. */
    expiresAt: integer("expires_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.name, table.verified] })],
);

/** Codes that stand in for the app, each once. They are as random as keys: a hash is enough. */
export const recoveryCodes = sqliteTable(
  "factors_recovery_codes",
  {
    name: text("name").notNull(),
    codeHash: blob("code_hash", { mode: "buffer" }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.name, table.codeHash] })],
);
