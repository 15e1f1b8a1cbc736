import {
  type Contact,
  contactSchema,
  type UserUri,
  utf8Decode,
  utf8Encode,
} from "@treehouse/protocol";

import { bytesOf, type SqlRow, type SqlTx, textOf } from "./port.ts";
import type { Seal } from "./seal.ts";

/** Where this client's user stands with others, as the own server last told. */
export interface Relations {
  get(user: UserUri): Contact | undefined;
  isBlocked(user: UserUri): boolean;
  /** By user. */
  list(): readonly Contact[];
  /** Keeps what is there now; a contact that is none any more is forgotten. */
  put(contact: Contact): void;
}

export function createRelations(sql: SqlTx, seal: Seal): Relations {
  const place = (user: string) => `relations/${user}`;
  const parse = (row: SqlRow): Contact => {
    const sealed = bytesOf(row, "sealed_contact");
    const text = utf8Decode(seal.open(place(textOf(row, "user")), sealed));
    return contactSchema.parse(JSON.parse(text));
  };
  const get = (user: UserUri): Contact | undefined => {
    const row = sql.all("SELECT * FROM relations WHERE user = ?", user)[0];
    return row === undefined ? undefined : parse(row);
  };
  return {
    get,
    isBlocked: (user) => get(user)?.state === "blocked",
    list: () => sql.all("SELECT * FROM relations ORDER BY user").map(parse),
    put(contact) {
      const { user } = contact;
      if (contact.state === "none") {
        sql.run("DELETE FROM relations WHERE user = ?", user);
        return;
      }
      sql.run(
        `INSERT INTO relations (user, sealed_contact) VALUES (?, ?)
         ON CONFLICT (user) DO UPDATE SET sealed_contact = excluded.sealed_contact`,
        user,
        seal.seal(place(user), utf8Encode(JSON.stringify(contact))),
      );
    },
  };
}
