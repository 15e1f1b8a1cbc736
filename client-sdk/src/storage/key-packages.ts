import type { Bytes } from "@treehouse/protocol";

import { bytesOf, type SqlTx, textOf } from "./port.ts";
import type { Seal } from "./seal.ts";

/** The private halves of the KeyPackages that this client has published. */
export interface KeyPackageSecrets {
  add(row: { ref: string; lastResort: boolean; notAfter: number; secret: Uint8Array }): void;
  /** Secrets by hex reference. */
  all(): ReadonlyMap<string, Bytes>;
  /** Deletes the secret of a used KeyPackage; a last-resort one stays until it expires. */
  use(ref: string): void;
  deleteExpired(now: number): void;
}

export function createKeyPackageSecrets(sql: SqlTx, seal: Seal): KeyPackageSecrets {
  const place = (ref: string) => `key_packages/${ref}`;
  return {
    add(row) {
      sql.run(
        `INSERT INTO key_packages (ref, last_resort, not_after, sealed_secret)
         VALUES (?, ?, ?, ?)`,
        row.ref,
        row.lastResort ? 1 : 0,
        row.notAfter,
        seal.seal(place(row.ref), row.secret),
      );
    },
    all() {
      const rows = sql.all("SELECT ref, sealed_secret FROM key_packages ORDER BY ref");
      return new Map(
        rows.map((row) => {
          const ref = textOf(row, "ref");
          return [ref, seal.open(place(ref), bytesOf(row, "sealed_secret"))] as const;
        }),
      );
    },
    use(ref) {
      sql.run("DELETE FROM key_packages WHERE ref = ? AND last_resort = 0", ref);
    },
    deleteExpired(now) {
      sql.run("DELETE FROM key_packages WHERE not_after < ?", now);
    },
  };
}
