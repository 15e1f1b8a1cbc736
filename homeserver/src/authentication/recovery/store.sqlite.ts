import { and, asc, eq } from "drizzle-orm";
import type { Database } from "../../platform/index.ts";
import { fromBlob, toBlob } from "../store/index.ts";
import { recoveryCopies } from "../schema.ts";
import type { RecoveryStore } from "./store.ts";

export function createRecoveryStore(database: Database): RecoveryStore {
  return {
    copy: async (tx, owner) => {
      const row = database
        .sql(tx)
        .select()
        .from(recoveryCopies)
        .where(eq(recoveryCopies.owner, owner))
        .orderBy(asc(recoveryCopies.owner))
        .get();
      return (
        row && {
          version: row.version,
          verificationKey: fromBlob(row.verificationKey),
          sealedCopy: fromBlob(row.sealedCopy),
          createdAt: row.createdAt,
        }
      );
    },
    put: async (tx, owner, { version, verificationKey, sealedCopy, createdAt }) => {
      const db = database.sql(tx);
      const values = {
        version,
        verificationKey: toBlob(verificationKey),
        sealedCopy: toBlob(sealedCopy),
        createdAt,
      };
      const before = and(eq(recoveryCopies.owner, owner), eq(recoveryCopies.version, version - 1));
      const { changes } =
        version === 1
          ? db
              .insert(recoveryCopies)
              .values({ owner, ...values })
              .onConflictDoNothing()
              .run()
          : db.update(recoveryCopies).set(values).where(before).run();
      return changes === 1;
    },
    forgetOwner: async (tx, owner) => {
      database.sql(tx).delete(recoveryCopies).where(eq(recoveryCopies.owner, owner)).run();
    },
  };
}
