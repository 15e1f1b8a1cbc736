import { eq } from "drizzle-orm";
import { type Bytes, concatBytes, parseClientUri } from "@treehouse/protocol";
import type { Database } from "../../platform/index.ts";
import { fromBlob, toBlob } from "../store/index.ts";
import { storeMarks } from "../schema.ts";
import type { StoreMarks } from "./store.ts";

const markBytes = 16;

export function createStoreMarks(database: Database): StoreMarks {
  return {
    of: async (tx, client) => {
      const db = database.sql(tx);
      const row = db.select().from(storeMarks).where(eq(storeMarks.client, client)).get();
      if (row === undefined) return undefined;
      return {
        client: parseClientUri(row.client),
        name: row.name,
        mark: fromBlob(row.mark),
        replaced: marksOf(fromBlob(row.replaced)),
        former: row.former === null ? [] : marksOf(fromBlob(row.former)),
        copiedAt: row.copiedAt ?? undefined,
      };
    },
    put: async (tx, { client, name, mark, replaced, former, copiedAt = null }) => {
      const values = {
        mark: toBlob(mark),
        replaced: toBlob(concatBytes(...replaced)),
        former: toBlob(concatBytes(...former)),
        copiedAt,
      };
      database
        .sql(tx)
        .insert(storeMarks)
        .values({ client, name, ...values })
        .onConflictDoUpdate({ target: storeMarks.client, set: values })
        .run();
    },
    forgetClient: async (tx, client) => {
      database.sql(tx).delete(storeMarks).where(eq(storeMarks.client, client)).run();
    },
    forgetOwner: async (tx, name) => {
      database.sql(tx).delete(storeMarks).where(eq(storeMarks.name, name)).run();
    },
  };
}

function marksOf(bytes: Bytes): readonly Bytes[] {
  const count = Math.floor(bytes.length / markBytes);
  return Array.from({ length: count }, (_, at) =>
    bytes.slice(at * markBytes, (at + 1) * markBytes),
  );
}
