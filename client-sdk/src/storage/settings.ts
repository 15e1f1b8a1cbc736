import type { Bytes } from "@treehouse/protocol";

import { bytesOf, type SqlTx, textOf } from "./port.ts";
import type { Seal } from "./seal.ts";

/** Named values of the store's one client: account, keys, session, server. All are sealed. */
export interface Settings {
  get(name: string): Bytes | undefined;
  put(name: string, value: Uint8Array): void;
  delete(name: string): void;
  /** The rest of every name that begins with `start`, in order. */
  namesAfter(start: string): readonly string[];
}

export function createSettings(sql: SqlTx, seal: Seal): Settings {
  const place = (name: string) => `settings/${name}`;
  return {
    get(name) {
      const row = sql.all("SELECT sealed_value FROM settings WHERE name = ?", name)[0];
      return row === undefined ? undefined : seal.open(place(name), bytesOf(row, "sealed_value"));
    },
    put(name, value) {
      sql.run(
        `INSERT INTO settings (name, sealed_value) VALUES (?, ?)
         ON CONFLICT (name) DO UPDATE SET sealed_value = excluded.sealed_value`,
        name,
        seal.seal(place(name), value),
      );
    },
    delete(name) {
      sql.run("DELETE FROM settings WHERE name = ?", name);
    },
    namesAfter(start) {
      const query = "SELECT name FROM settings WHERE substr(name, 1, ?) = ? ORDER BY name";
      return sql
        .all(query, start.length, start)
        .map((row) => textOf(row, "name").slice(start.length));
    },
  };
}
