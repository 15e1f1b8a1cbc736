import {
  type Bytes,
  concatBytes,
  equalBytes,
  parseUserUri,
  type UserUri,
} from "@treehouse/protocol";

import { bytesOf, integerOf, isNull, type SqlRow, type SqlTx, textOf } from "./port.ts";

/** What was last seen of a user's identity; the identity key is pinned at first sight. */
export type ContactRow = {
  readonly user: UserUri;
  readonly identityKey: Bytes;
  readonly listVersion: number;
  readonly listHash: Bytes;
  /** That list as it was shown, an encoded `SignedClientList`; empty with version 0. */
  readonly signedList: Bytes;
  /** The highest number of a device-signing key that was seen under the pinned key; 0 at first. */
  readonly keyNumber: number;
  readonly seenAt: number;
  /** When the pinned key was compared by other means; absent when it was not. */
  readonly verifiedAt: number | undefined;
  /** Another key that was seen since, and that this client's user has not accepted. */
  readonly otherKey: Bytes | undefined;
  /** Keys that were pinned before: 32 octets each, without anything between. */
  readonly formerKeys: Bytes;
};

/** `other`: not the pinned key; `otherAgain`: neither, but it was seen and told before. */
export type Sighting = "first" | "same" | "other" | "otherAgain";

export interface Contacts {
  get(user: UserUri): ContactRow | undefined;
  list(): readonly ContactRow[];
  put(row: ContactRow): void;
  /**
   * A key was seen as a user's: pins it at first sight, and keeps another one than the pinned beside
   * it until it is accepted.
   */
  see(user: UserUri, identityKey: Bytes, seenAt: number): Sighting;
  /**
   * Takes a key for a known user's own, as one that was compared or not. Another one than the pinned
   * starts another chain of client lists.
   */
  accept(user: UserUri, identityKey: Bytes, verifiedAt: number | undefined): void;
}

/** Whether a key is the pinned one, or was before: the user has taken it for the contact's own. */
export function isAccepted({ identityKey, formerKeys }: ContactRow, key: Bytes): boolean {
  if (equalBytes(identityKey, key)) return true;
  for (let at = 0; at < formerKeys.length; at += 32) {
    if (equalBytes(formerKeys.subarray(at, at + 32), key)) return true;
  }
  return false;
}

export function createContacts(sql: SqlTx): Contacts {
  const parse = (row: SqlRow): ContactRow => ({
    user: parseUserUri(textOf(row, "user")),
    identityKey: bytesOf(row, "identity_key"),
    listVersion: integerOf(row, "list_version"),
    listHash: bytesOf(row, "list_hash"),
    signedList: bytesOf(row, "signed_list"),
    keyNumber: integerOf(row, "key_number"),
    seenAt: integerOf(row, "seen_at"),
    verifiedAt: isNull(row, "verified_at") ? undefined : integerOf(row, "verified_at"),
    otherKey: isNull(row, "other_key") ? undefined : bytesOf(row, "other_key"),
    formerKeys: bytesOf(row, "former_keys"),
  });
  const get = (user: UserUri): ContactRow | undefined => {
    const row = sql.all("SELECT * FROM contacts WHERE user = ?", user)[0];
    return row === undefined ? undefined : parse(row);
  };
  const put = (row: ContactRow): void => {
    sql.run(
      `INSERT INTO contacts (user, identity_key, list_version, list_hash, seen_at, verified_at,
         other_key, former_keys, key_number, signed_list)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (user) DO UPDATE SET identity_key = excluded.identity_key,
         list_version = excluded.list_version, list_hash = excluded.list_hash,
         seen_at = excluded.seen_at, verified_at = excluded.verified_at,
         other_key = excluded.other_key, former_keys = excluded.former_keys,
         key_number = excluded.key_number, signed_list = excluded.signed_list`,
      row.user,
      row.identityKey,
      row.listVersion,
      row.listHash,
      row.seenAt,
      row.verifiedAt ?? null,
      row.otherKey ?? null,
      row.formerKeys,
      row.keyNumber,
      row.signedList,
    );
  };
  return {
    get,
    list() {
      return sql.all("SELECT * FROM contacts ORDER BY user").map(parse);
    },
    put,
    see(user, identityKey, seenAt) {
      const known = get(user);
      if (known === undefined) {
        // Version 0: a leaf was seen, and no client list yet.
        const unlisted = noList();
        const row = { user, identityKey, ...unlisted, seenAt };
        const formerKeys = new Uint8Array();
        put({ ...row, verifiedAt: undefined, otherKey: undefined, formerKeys });
        return "first";
      }
      if (equalBytes(known.identityKey, identityKey)) return "same";
      if (known.otherKey !== undefined && equalBytes(known.otherKey, identityKey)) {
        return "otherAgain";
      }
      put({ ...known, otherKey: identityKey });
      return "other";
    },
    accept(user, identityKey, verifiedAt) {
      const row = get(user);
      if (row === undefined) return;
      const settled = { ...row, identityKey, otherKey: undefined, verifiedAt };
      if (equalBytes(row.identityKey, identityKey)) put(settled);
      else {
        const formerKeys = concatBytes(row.formerKeys, row.identityKey);
        const unlisted = noList();
        put({ ...settled, ...unlisted, formerKeys });
      }
    },
  };
}

function noList() {
  const nothing = new Uint8Array();
  return { listVersion: 0, listHash: nothing, signedList: nothing, keyNumber: 0 };
}
