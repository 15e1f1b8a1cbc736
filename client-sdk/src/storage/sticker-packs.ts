import type { Bytes } from "@treehouse/protocol";

import { bytesOf, type SqlTx, textOf } from "./port.ts";
import type { Seal } from "./seal.ts";

/** Sticker packs as this store has them, and files of those that are still being imported. */
export interface StickerPacks {
  /** The pack's manifest as its maker encoded it; undefined: it is not here. */
  manifest(pack: string): Bytes | undefined;
  file(pack: string, item: number): Bytes | undefined;
  /** All packs that are here. */
  list(): readonly string[];
  put(pack: string, content: { readonly manifest: Bytes; readonly files: readonly Bytes[] }): void;
  delete(pack: string): void;
  /** What has come of a source before an import was cut off; both are names that tell nothing. */
  imported(source: string, item: string): Bytes | undefined;
  keepImported(source: string, item: string, file: Bytes): void;
  forgetImported(source: string): void;
}

/** Where the manifest lies; files are numbered from 0. */
const manifestItem = -1;

export function createStickerPacks(sql: SqlTx, seal: Seal): StickerPacks {
  const place = (pack: string, item: number) => `sticker/${pack}/${item}`;
  const importPlace = (source: string, item: string) => `stickerImport/${source}/${item}`;
  const file = (pack: string, item: number): Bytes | undefined => {
    const query = "SELECT sealed_content FROM sticker_packs WHERE pack = ? AND item = ?";
    const [row] = sql.all(query, pack, item);
    return row && seal.open(place(pack, item), bytesOf(row, "sealed_content"));
  };
  const remove = (pack: string): void => {
    sql.run("DELETE FROM sticker_packs WHERE pack = ?", pack);
  };
  return {
    manifest: (pack) => file(pack, manifestItem),
    file,
    list: () =>
      sql
        .all("SELECT pack FROM sticker_packs WHERE item = ? ORDER BY pack", manifestItem)
        .map((row) => textOf(row, "pack")),
    put(pack, { manifest, files }) {
      remove(pack);
      const add = (item: number, content: Bytes) =>
        sql.run(
          "INSERT INTO sticker_packs (pack, item, sealed_content) VALUES (?, ?, ?)",
          pack,
          item,
          seal.seal(place(pack, item), content),
        );
      add(manifestItem, manifest);
      for (const [item, content] of files.entries()) add(item, content);
    },
    delete: remove,
    imported(source, item) {
      const query = "SELECT sealed_content FROM sticker_imports WHERE source = ? AND item = ?";
      const [row] = sql.all(query, source, item);
      return row && seal.open(importPlace(source, item), bytesOf(row, "sealed_content"));
    },
    keepImported(source, item, content) {
      sql.run(
        "INSERT OR REPLACE INTO sticker_imports (source, item, sealed_content) VALUES (?, ?, ?)",
        source,
        item,
        seal.seal(importPlace(source, item), content),
      );
    },
    forgetImported(source) {
      sql.run("DELETE FROM sticker_imports WHERE source = ?", source);
    },
  };
}
