import type { Bytes } from "@treehouse/protocol";

import { bytesOf, type SqlTx } from "./port.ts";
import type { Seal } from "./seal.ts";

/** Uploads that go on when the program does, by the names that it gave them. */
export interface Uploads {
  get(resumeKey: string): Bytes | undefined;
  put(resumeKey: string, state: Uint8Array): void;
  delete(resumeKey: string): void;
}

export function createUploads(sql: SqlTx, seal: Seal): Uploads {
  const place = (resumeKey: string) => `asset_uploads/${resumeKey}`;
  return {
    get(resumeKey) {
      const row = sql.all("SELECT * FROM asset_uploads WHERE resume_key = ?", resumeKey)[0];
      return row === undefined
        ? undefined
        : seal.open(place(resumeKey), bytesOf(row, "sealed_state"));
    },
    put(resumeKey, state) {
      sql.run(
        `INSERT INTO asset_uploads (resume_key, sealed_state) VALUES (?, ?)
         ON CONFLICT (resume_key) DO UPDATE SET sealed_state = excluded.sealed_state`,
        resumeKey,
        seal.seal(place(resumeKey), state),
      );
    },
    delete(resumeKey) {
      sql.run("DELETE FROM asset_uploads WHERE resume_key = ?", resumeKey);
    },
  };
}
