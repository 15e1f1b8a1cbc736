import type { SqlDatabase, SqlTx } from "@treehouse/client-sdk/embedding";
import type { MemoryDisk } from "./memory-disk.ts";

/** A client's store over a disk in memory. */
export function openMemoryStore(disk: MemoryDisk): SqlDatabase {
  const tx: SqlTx = {
    run(sql, ...values) {
      if (!disk.acting) disk.begin();
      const { changes, lastInsertRowid } = disk.prepare(sql).run(...values);
      return { changes, lastId: Number(lastInsertRowid) };
    },
    all(sql, ...values) {
      const rows = disk.prepare(sql).all(...values);
      if (!areRows(rows)) throw new TypeError("a row is no object");
      return rows;
    },
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

function areRows(rows: readonly unknown[]): rows is ReturnType<SqlTx["all"]> {
  return rows.every((row) => typeof row === "object" && row !== null);
}
