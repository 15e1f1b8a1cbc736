import { asc, eq, inArray, lte } from "drizzle-orm";
import type { Database } from "../../platform/index.ts";
import { buffer, bytes } from "../blob.ts";
import { claims } from "../schema.ts";
import type { ClaimStore } from "./store.ts";

export function createClaimStore(database: Database): ClaimStore {
  return {
    claim: async (tx, room) => {
      const row = database
        .sql(tx)
        .select()
        .from(claims)
        .where(eq(claims.room, room))
        .orderBy(asc(claims.room))
        .get();
      if (row === undefined) return undefined;
      return {
        room,
        claim: bytes(row.claim),
        endorsements: bytes(row.endorsements),
        hubPrivateKey: bytes(row.hubPrivateKey),
        expiresAt: row.expiresAt,
      };
    },
    putClaim: async (tx, { room, expiresAt, ...octets }) => {
      const row = {
        claim: buffer(octets.claim),
        endorsements: buffer(octets.endorsements),
        hubPrivateKey: buffer(octets.hubPrivateKey),
        expiresAt,
      };
      database
        .sql(tx)
        .insert(claims)
        .values({ room, ...row })
        .onConflictDoUpdate({ target: claims.room, set: row })
        .run();
    },
    deleteClaim: async (tx, room) => {
      database.sql(tx).delete(claims).where(eq(claims.room, room)).run();
    },
    deleteExpiredClaims: async (tx, at, limit) => {
      const db = database.sql(tx);
      const ended = db
        .select({ room: claims.room })
        .from(claims)
        .where(lte(claims.expiresAt, at))
        .orderBy(asc(claims.expiresAt), asc(claims.room))
        .limit(limit);
      return db.delete(claims).where(inArray(claims.room, ended)).run().changes;
    },
  };
}
