import { messageFileTables } from "./message-files.ts";
import { integerOf, type SqlTx } from "./port.ts";
import { StoreFault } from "./seal.ts";

/**
 * Each entry brings the schema from the version before it to the next; entries are never edited.
 * Columns named `sealed_…` hold ciphertext (see `seal.ts`).
 */
const versions: readonly (readonly string[])[] = [
  [
    "CREATE TABLE settings (name TEXT PRIMARY KEY, sealed_value BLOB NOT NULL) STRICT",
    `CREATE TABLE rooms (
       room TEXT PRIMARY KEY, template TEXT NOT NULL, status TEXT NOT NULL,
       created_at INTEGER NOT NULL, sealed_details BLOB NOT NULL) STRICT`,
    `CREATE TABLE group_rows (
       room TEXT NOT NULL, name TEXT NOT NULL, sealed_value BLOB NOT NULL,
       PRIMARY KEY (room, name)) STRICT`,
    `CREATE TABLE cursors (
       stream TEXT PRIMARY KEY, position INTEGER NOT NULL, hash BLOB NOT NULL) STRICT`,
    `CREATE TABLE messages (
       serial INTEGER PRIMARY KEY AUTOINCREMENT, room TEXT NOT NULL, position INTEGER NOT NULL,
       message_id TEXT NOT NULL, kind TEXT NOT NULL, accepted_at INTEGER NOT NULL,
       handled INTEGER NOT NULL, sealed_body BLOB NOT NULL) STRICT`,
    "CREATE UNIQUE INDEX messages_by_position ON messages (room, position)",
    "CREATE UNIQUE INDEX messages_by_id ON messages (room, message_id)",
    "CREATE INDEX messages_unhandled ON messages (serial) WHERE handled = 0",
    `CREATE TABLE intents (
       serial INTEGER PRIMARY KEY AUTOINCREMENT, room TEXT NOT NULL, kind TEXT NOT NULL,
       status TEXT NOT NULL, created_at INTEGER NOT NULL, sealed_body BLOB NOT NULL,
       sealed_request BLOB, request_hash TEXT) STRICT`,
    "CREATE INDEX intents_by_room ON intents (room, serial)",
    "CREATE INDEX intents_by_hash ON intents (request_hash)",
    `CREATE TABLE key_packages (
       ref TEXT PRIMARY KEY, last_resort INTEGER NOT NULL, not_after INTEGER NOT NULL,
       sealed_secret BLOB NOT NULL) STRICT`,
    `CREATE TABLE contacts (
       user TEXT PRIMARY KEY, identity_key BLOB NOT NULL, list_version INTEGER NOT NULL,
       list_hash BLOB NOT NULL, seen_at INTEGER NOT NULL) STRICT`,
  ],
  ["CREATE TABLE relations (user TEXT PRIMARY KEY, sealed_contact BLOB NOT NULL) STRICT"],
  [
    "ALTER TABLE messages ADD COLUMN newest INTEGER",
    "CREATE INDEX messages_by_newest ON messages (room, newest) WHERE newest IS NOT NULL",
    "ALTER TABLE intents ADD COLUMN accepted_position INTEGER",
    "ALTER TABLE intents ADD COLUMN accepted_at INTEGER",
  ],
  [
    "ALTER TABLE contacts ADD COLUMN verified_at INTEGER",
    "ALTER TABLE contacts ADD COLUMN other_key BLOB",
    "ALTER TABLE contacts ADD COLUMN former_keys BLOB NOT NULL DEFAULT x''",
  ],
  [
    `CREATE TABLE account_data (
       record TEXT PRIMARY KEY, version INTEGER NOT NULL, hash BLOB NOT NULL,
       changed INTEGER NOT NULL, sealed_entries BLOB NOT NULL) STRICT`,
  ],
  [
    `CREATE TABLE profiles (
       user TEXT NOT NULL, room TEXT NOT NULL, sealed_profile BLOB NOT NULL,
       PRIMARY KEY (user, room)) STRICT`,
  ],
  [
    "ALTER TABLE messages ADD COLUMN target TEXT",
    "CREATE INDEX messages_by_target ON messages (room, target) WHERE target IS NOT NULL",
  ],
  [
    "ALTER TABLE messages ADD COLUMN counts INTEGER NOT NULL DEFAULT 0",
    "CREATE INDEX messages_counted ON messages (room, position) WHERE counts > 0",
    `CREATE TABLE receipts (
       room TEXT NOT NULL, user TEXT NOT NULL, read INTEGER NOT NULL,
       PRIMARY KEY (room, user)) STRICT`,
  ],
  ["ALTER TABLE contacts ADD COLUMN key_number INTEGER NOT NULL DEFAULT 0"],
  ["ALTER TABLE contacts ADD COLUMN signed_list BLOB NOT NULL DEFAULT x''"],
  [
    `CREATE INDEX intents_open ON intents (room, serial)
       WHERE status IN ('waiting', 'submitted')`,
    "CREATE INDEX intents_accepted ON intents (room, accepted_position) WHERE status = 'accepted'",
    "CREATE INDEX intents_by_kind ON intents (room, kind, serial)",
  ],
  [
    `CREATE TABLE sender_chains (
       room TEXT NOT NULL, client TEXT NOT NULL, sealed_state BLOB NOT NULL,
       PRIMARY KEY (room, client)) STRICT`,
  ],
  [
    // It is fed with words that are hashed under the store's key.
    "CREATE VIRTUAL TABLE search USING fts5(words, parts, facets, content='', tokenize='ascii')",
    // What is taken out of the index leaves its pages as well, instead of being marked.
    "INSERT INTO search (search, rank) VALUES ('secure-delete', 1)",
    `CREATE TABLE search_documents (
       document INTEGER PRIMARY KEY, serial INTEGER NOT NULL, fingerprint INTEGER NOT NULL) STRICT`,
    "CREATE UNIQUE INDEX search_documents_by_serial ON search_documents (serial)",
    `CREATE TABLE search_backlog (
       from_serial INTEGER NOT NULL, to_serial INTEGER NOT NULL) STRICT`,
    `INSERT INTO search_backlog (from_serial, to_serial)
       SELECT 0, coalesce(max(serial), 0) FROM messages`,
  ],
  messageFileTables,
  [
    "CREATE TABLE asset_uploads (resume_key TEXT PRIMARY KEY, sealed_state BLOB NOT NULL) STRICT",
    `CREATE TABLE asset_contents (
       uri TEXT PRIMARY KEY, bytes INTEGER NOT NULL, used_at INTEGER NOT NULL,
       sealed_content BLOB NOT NULL) STRICT`,
    "CREATE INDEX asset_contents_by_use ON asset_contents (used_at)",
  ],
  [
    "ALTER TABLE messages ADD COLUMN told_by TEXT",
    "CREATE INDEX messages_by_time ON messages (accepted_at, room, position)",
    "DROP INDEX messages_counted",
    "CREATE INDEX messages_counted ON messages (room, position, counts) WHERE counts > 0",
    "CREATE TABLE told_rooms (room TEXT PRIMARY KEY, sealed_room BLOB NOT NULL) STRICT",
  ],
  [
    `CREATE TABLE sticker_packs (
       pack TEXT NOT NULL, item INTEGER NOT NULL, sealed_content BLOB NOT NULL,
       PRIMARY KEY (pack, item)) STRICT`,
    `CREATE TABLE sticker_imports (
       source TEXT NOT NULL, item TEXT NOT NULL, sealed_content BLOB NOT NULL,
       PRIMARY KEY (source, item)) STRICT`,
  ],
  [
    `CREATE TABLE history_changed (
       mark INTEGER PRIMARY KEY AUTOINCREMENT, hour INTEGER NOT NULL UNIQUE) STRICT`,
    "INSERT INTO history_changed (hour) SELECT DISTINCT accepted_at / 3600000 FROM messages",
    `CREATE TRIGGER messages_inserted AFTER INSERT ON messages BEGIN
       DELETE FROM history_changed WHERE hour = NEW.accepted_at / 3600000;
       INSERT INTO history_changed (hour) VALUES (NEW.accepted_at / 3600000);
     END`,
    `CREATE TRIGGER messages_erased AFTER UPDATE OF kind ON messages BEGIN
       DELETE FROM history_changed WHERE hour = OLD.accepted_at / 3600000;
       INSERT INTO history_changed (hour) VALUES (OLD.accepted_at / 3600000);
     END`,
    `CREATE TRIGGER messages_removed AFTER DELETE ON messages BEGIN
       DELETE FROM history_changed WHERE hour = OLD.accepted_at / 3600000;
       INSERT INTO history_changed (hour) VALUES (OLD.accepted_at / 3600000);
     END`,
    "CREATE TABLE backup_merged (link TEXT PRIMARY KEY) STRICT",
  ],
  [
    "ALTER TABLE messages ADD COLUMN author TEXT",
    "ALTER TABLE messages ADD COLUMN what TEXT",
    "ALTER TABLE messages ADD COLUMN topic TEXT",
    "ALTER TABLE messages ADD COLUMN sealed_topic BLOB",
    "ALTER TABLE messages ADD COLUMN speaks INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE messages ADD COLUMN expires_at INTEGER",
    "ALTER TABLE messages ADD COLUMN expires_after INTEGER",
    "CREATE INDEX messages_by_topic ON messages (room, topic, position) WHERE topic IS NOT NULL",
    "CREATE INDEX messages_by_what ON messages (room, what, position) WHERE kind = 'change'",
    "CREATE INDEX messages_expiring ON messages (expires_at) WHERE expires_at IS NOT NULL",
    `CREATE INDEX messages_to_be_read ON messages (room, position)
       WHERE expires_after IS NOT NULL AND expires_at IS NULL`,
  ],
  ["ALTER TABLE receipts ADD COLUMN delivered INTEGER NOT NULL DEFAULT 0"],
  [
    "ALTER TABLE intents ADD COLUMN sealed_reason BLOB",
    `CREATE TABLE audit_heads (
       room TEXT PRIMARY KEY, number INTEGER NOT NULL, hash BLOB NOT NULL,
       is_current INTEGER NOT NULL) STRICT`,
    `CREATE TABLE audit_records (
       room TEXT NOT NULL, number INTEGER NOT NULL, epoch INTEGER NOT NULL, group_uri TEXT NOT NULL,
       position INTEGER NOT NULL, accepted_at INTEGER NOT NULL, hash BLOB NOT NULL,
       sealed_body BLOB NOT NULL, PRIMARY KEY (room, number)) STRICT`,
  ],
  [
    // The index ranks by lengths of its own, and has no need of those that FTS5 would keep.
    "DROP TABLE search",
    `CREATE VIRTUAL TABLE search USING fts5(
       words, parts, facets, content='', tokenize='ascii', columnsize=0)`,
    "INSERT INTO search (search, rank) VALUES ('secure-delete', 1)",
    "DELETE FROM search_documents",
    "ALTER TABLE search_documents ADD COLUMN length INTEGER NOT NULL DEFAULT 0",
    `UPDATE search_backlog SET from_serial = 0,
       to_serial = (SELECT coalesce(max(serial), 0) FROM messages)`,
  ],
  [
    "ALTER TABLE audit_heads ADD COLUMN told_number INTEGER",
    "ALTER TABLE audit_heads ADD COLUMN told_hash BLOB",
    "ALTER TABLE audit_heads ADD COLUMN told_group TEXT",
    "ALTER TABLE audit_heads ADD COLUMN told_epoch INTEGER",
    "ALTER TABLE audit_heads ADD COLUMN told_position INTEGER",
  ],
  [
    "ALTER TABLE messages ADD COLUMN hearsay INTEGER NOT NULL DEFAULT 0",
    // Whether it was the user's own word was not written: with what the same one told, each counts.
    "UPDATE messages SET hearsay = 1 WHERE kind = 'change' AND told_by IS NOT NULL",
  ],
];

/** Brings the database to the newest version; refuses one that a later release has written. */
export function migrate(tx: SqlTx): void {
  tx.run("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL) STRICT");
  const row = tx.all("SELECT version FROM schema_version ORDER BY version DESC LIMIT 1")[0];
  const current = row === undefined ? 0 : integerOf(row, "version");
  if (current > versions.length) {
    throw new StoreFault("storeTooNew", "the store was written by a newer release: update first");
  }
  for (const statements of versions.slice(current)) {
    for (const statement of statements) tx.run(statement);
  }
  if (current === versions.length) return;
  tx.run("DELETE FROM schema_version");
  tx.run("INSERT INTO schema_version (version) VALUES (?)", versions.length);
}

/** Empties every table but the one that names the schema. */
export function wipe(tx: SqlTx): void {
  tx.all("PRAGMA secure_delete = ON");
  for (const statement of emptying) tx.run(statement);
}

const emptying = [
  "DELETE FROM settings",
  "DELETE FROM rooms",
  "DELETE FROM group_rows",
  "DELETE FROM cursors",
  "DELETE FROM messages",
  "DELETE FROM intents",
  "DELETE FROM key_packages",
  "DELETE FROM contacts",
  "DELETE FROM relations",
  "DELETE FROM account_data",
  "DELETE FROM profiles",
  "DELETE FROM receipts",
  "DELETE FROM sender_chains",
  "DELETE FROM audit_heads",
  "DELETE FROM audit_records",
  "INSERT INTO search (search) VALUES ('delete-all')",
  "DELETE FROM search_documents",
  "UPDATE search_backlog SET from_serial = 0, to_serial = 0",
  "DELETE FROM message_files",
  "DELETE FROM released_assets",
  "DELETE FROM asset_uploads",
  "DELETE FROM asset_contents",
  "DELETE FROM told_rooms",
  "DELETE FROM sticker_packs",
  "DELETE FROM sticker_imports",
  "DELETE FROM history_changed",
  "DELETE FROM backup_merged",
];
