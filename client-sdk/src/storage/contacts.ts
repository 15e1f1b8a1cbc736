import { type Bytes, parseUserUri, type UserUri } from "@treehouse/protocol";

import { bytesOf, integerOf, type SqlRow, type SqlTx, textOf } from "./port.ts";

/** What was last seen of a user's identity; the identity key is pinned at first sight. */
export type ContactRow = {
  readonly user: UserUri;
  readonly identityKey: Bytes;
  readonly listVersion: number;
  readonly listHash: Bytes;
  readonly seenAt: number;
};

export interface Contacts {
  get(user: UserUri): ContactRow | undefined;
  list(): readonly ContactRow[];
  put(row: ContactRow): void;
}

export function createContacts(sql: SqlTx): Contacts {
  const parse = (row: SqlRow): ContactRow => ({
    user: parseUserUri(textOf(row, "user")),
    identityKey: bytesOf(row, "identity_key"),
    listVersion: integerOf(row, "list_version"),
    listHash: bytesOf(row, "list_hash"),
    seenAt: integerOf(row, "seen_at"),
  });
  return {
    get(user) {
      const row = sql.all("SELECT * FROM contacts WHERE user = ?", user)[0];
      return row === undefined ? undefined : parse(row);
    },
    list() {
      return sql.all("SELECT * FROM contacts ORDER BY user").map(parse);
    },
    put(row) {
      sql.run(
        `INSERT INTO contacts (user, identity_key, list_version, list_hash, seen_at)
         VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (user) DO UPDATE SET identity_key = excluded.identity_key,
           list_version = excluded.list_version, list_hash = excluded.list_hash,
           seen_at = excluded.seen_at`,
        row.user,
        row.identityKey,
        row.listVersion,
        row.listHash,
        row.seenAt,
      );
    },
  };
}
