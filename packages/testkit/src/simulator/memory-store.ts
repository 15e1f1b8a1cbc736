import type { SqlDatabase, SqlTx, SqlValue } from "@treehouse/client-sdk/embedding";
import type { MemoryDisk } from "./memory-disk.ts";

/** A client's store over a disk in memory. */
export function openMemoryStore(disk: MemoryDisk): SqlDatabase {
  const tx: SqlTx = {
    run(sql, ...values) {
      if (!disk.acting) disk.begin();
      const { changes, lastInsertRowid } = disk.prepare(sql).run(...values);
      return { changes, lastId: Number(lastInsertRowid) };
    },
    all: (sql, ...values: readonly SqlValue[]) =>
      disk
        .prepare(sql)
        .all(...values)
        .map(rowOf),
  };
  return {
    async transaction(run) {
      try {
        const value = run(tx);
        if (disk.acting) disk.commit();
        return value;
      } catch (error) {
        disk.rollback();
        throw error;
      }
    },
    settle: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

function rowOf(row: unknown): Record<string, unknown> {
  if (typeof row !== "object" || row === null) throw new TypeError("a row is no object");
  return { ...row };
}
