import type { AssetUri, Bytes } from "@treehouse/protocol";

import { bytesOf, integerOf, type SqlTx, textOf } from "./port.ts";
import type { Seal } from "./seal.ts";

/** Contents of small assets, so that what is shown again and again is fetched once. */
export interface AssetContents {
  /** Counts as used at `at`, if it is here. */
  get(uri: AssetUri, at: number): Bytes | undefined;
  /** Those not used for longest go until all together have at most `bytesMax` octets. */
  put(
    uri: AssetUri,
    content: Uint8Array,
    kept: { readonly at: number; readonly bytesMax: number },
  ): void;
  delete(uri: AssetUri): void;
}

export function createAssetContents(sql: SqlTx, seal: Seal): AssetContents {
  const place = (uri: string) => `asset_contents/${uri}`;
  const sum = () => sql.all("SELECT coalesce(sum(bytes), 0) AS bytes FROM asset_contents")[0];
  return {
    get(uri, at) {
      const row = sql.all("SELECT * FROM asset_contents WHERE uri = ?", uri)[0];
      if (row === undefined) return undefined;
      sql.run("UPDATE asset_contents SET used_at = ? WHERE uri = ?", at, uri);
      return seal.open(place(uri), bytesOf(row, "sealed_content"));
    },
    put(uri, content, { at, bytesMax }) {
      if (content.length > bytesMax) return;
      sql.run(
        `INSERT INTO asset_contents (uri, bytes, used_at, sealed_content) VALUES (?, ?, ?, ?)
         ON CONFLICT (uri) DO UPDATE SET used_at = excluded.used_at`,
        uri,
        content.length,
        at,
        seal.seal(place(uri), content),
      );
      for (let row = sum(); row !== undefined && integerOf(row, "bytes") > bytesMax; row = sum()) {
        const oldest = sql.all("SELECT uri FROM asset_contents ORDER BY used_at, uri LIMIT 1")[0];
        if (oldest === undefined) return;
        sql.run("DELETE FROM asset_contents WHERE uri = ?", textOf(oldest, "uri"));
      }
    },
    delete(uri) {
      sql.run("DELETE FROM asset_contents WHERE uri = ?", uri);
    },
  };
}
