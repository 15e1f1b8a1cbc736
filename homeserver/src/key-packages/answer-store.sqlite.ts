import { and, asc, eq, lt, sql } from "drizzle-orm";
import type { Database } from "../platform/index.ts";
import type { AnswerStore } from "./answer-store.ts";
import { answers } from "./schema.ts";

export function createSqliteAnswerStore(database: Database): AnswerStore {
  const select = database.prepare((db) =>
    db
      .select({ requestHash: answers.requestHash, answer: answers.answer })
      .from(answers)
      .where(
        and(
          eq(answers.peer, sql.placeholder("peer")),
          eq(answers.transaction, sql.placeholder("id")),
        ),
      )
      .orderBy(asc(answers.keptAt))
      .prepare(),
  );
  return {
    find: async (tx, { peer, id }) => {
      const row = select(tx).get({ peer, id });
      return (
        row && {
          requestHash: new Uint8Array(row.requestHash),
          answer: new Uint8Array(row.answer),
        }
      );
    },
    keep: async (tx, { peer, id }, { requestHash, answer, target, at }) => {
      database
        .sql(tx)
        .insert(answers)
        .values({
          peer,
          transaction: id,
          target,
          requestHash: Buffer.from(requestHash),
          answer: Buffer.from(answer),
          keptAt: at,
        })
        .run();
    },
    deleteOf: async (tx, target) => {
      database.sql(tx).delete(answers).where(eq(answers.target, target)).run();
    },
    deleteKeptBefore: async (tx, at, limit) => {
      const db = database.sql(tx);
      const old = db
        .select({ peer: answers.peer, transaction: answers.transaction })
        .from(answers)
        .where(lt(answers.keptAt, at))
        .orderBy(asc(answers.keptAt), asc(answers.peer), asc(answers.transaction))
        .limit(limit)
        .all();
      for (const { peer, transaction } of old) {
        const one = and(eq(answers.peer, peer), eq(answers.transaction, transaction));
        db.delete(answers).where(one).run();
      }
      return old.length;
    },
  };
}
