import { eq, sql } from "drizzle-orm";
import { DEFAULT_PRIVACY, privacySchema } from "@treehouse/protocol";
import type { Database } from "../../platform/index.ts";
import { privacy } from "../schema.ts";
import type { PrivacyStore } from "./store.ts";

export function createPrivacyStore(database: Database): PrivacyStore {
  const select = database.prepare((db) =>
    db
      .select({
        findable: privacy.findable,
        requests: privacy.requests,
        adding: privacy.adding,
      })
      .from(privacy)
      .where(eq(privacy.owner, sql.placeholder("owner")))
      .prepare(),
  );
  return {
    of: async (tx, owner) => {
      const row = select(tx).get({ owner });
      return row === undefined ? DEFAULT_PRIVACY : privacySchema.parse(row);
    },
    put: async (tx, owner, chosen) => {
      database
        .sql(tx)
        .insert(privacy)
        .values({ owner, ...chosen })
        .onConflictDoUpdate({ target: privacy.owner, set: chosen })
        .run();
    },
    forgetOwner: async (tx, owner) => {
      database.sql(tx).delete(privacy).where(eq(privacy.owner, owner)).run();
    },
  };
}
