import { and, asc, eq, isNotNull, lte } from "drizzle-orm";
import { parseDomain } from "@treehouse/protocol";
import type { Domain } from "@treehouse/protocol";
import type { Database } from "../platform/index.ts";
import { parseRuleSubject } from "./rule-subject.ts";
import { keys, known, rules } from "./schema.ts";
import type { PeerKey, PeerStore, Rule } from "./store.ts";

export function createSqliteStore(database: Database): PeerStore {
  return { ...peerMethods(database), ...ruleMethods(database) };
}

function peerMethods(
  database: Database,
): Pick<PeerStore, "peers" | "savePeer" | "touch" | "noteSigned" | "deletePeer"> {
  return {
    peers: async (tx) => {
      const db = database.sql(tx);
      const all = db.select().from(keys).orderBy(asc(keys.domain), asc(keys.kid)).all();
      const byDomain = Map.groupBy(all, ({ domain }) => domain);
      return db
        .select()
        .from(known)
        .orderBy(asc(known.domain))
        .all()
        .map((row) => {
          const own = byDomain.get(row.domain) ?? [];
          return {
            domain: parseDomain(row.domain),
            firstSeenAt: row.firstSeenAt,
            inboundAt: row.inboundAt ?? undefined,
            outboundAt: row.outboundAt ?? undefined,
            frozenAt: row.frozenAt ?? undefined,
            signedUntil: row.signedUntil ?? undefined,
            pinned: own.filter(({ pinned }) => pinned).map(keyOf),
            offered: own.filter(({ pinned }) => !pinned).map(keyOf),
          };
        });
    },
    savePeer: async (tx, peer) => {
      const db = database.sql(tx);
      const { domain, firstSeenAt } = peer;
      const row = {
        firstSeenAt,
        inboundAt: peer.inboundAt ?? null,
        outboundAt: peer.outboundAt ?? null,
        frozenAt: peer.frozenAt ?? null,
      };
      db.insert(known)
        .values({ domain, ...row, signedUntil: peer.signedUntil ?? null })
        .onConflictDoUpdate({ target: known.domain, set: row })
        .run();
      db.delete(keys).where(eq(keys.domain, domain)).run();
      for (const [pinned, some] of [
        [true, peer.pinned],
        [false, peer.offered],
      ] as const) {
        for (const key of some)
          db.insert(keys)
            .values(rowOf(domain, key, pinned))
            .run();
      }
    },
    touch: async (tx, { domain, inboundAt, outboundAt }) => {
      database
        .sql(tx)
        .update(known)
        .set({ inboundAt: inboundAt ?? null, outboundAt: outboundAt ?? null })
        .where(eq(known.domain, domain))
        .run();
    },
    noteSigned: async (tx, domain, signedUntil) => {
      database.sql(tx).update(known).set({ signedUntil }).where(eq(known.domain, domain)).run();
    },
    deletePeer: async (tx, domain) => {
      const db = database.sql(tx);
      db.delete(known).where(eq(known.domain, domain)).run();
      db.delete(keys).where(eq(keys.domain, domain)).run();
    },
  };
}

function ruleMethods(
  database: Database,
): Pick<PeerStore, "rules" | "putRule" | "deleteRule" | "deleteExpiredRules"> {
  return {
    rules: async (tx) =>
      database.sql(tx).select().from(rules).orderBy(asc(rules.subject)).all().map(ruleOf),
    putRule: async (tx, { subject, ...rule }) => {
      const row = {
        ...rule,
        perMinute: rule.perMinute ?? null,
        expiresAt: rule.expiresAt ?? null,
      };
      database
        .sql(tx)
        .insert(rules)
        .values({ subject, ...row })
        .onConflictDoUpdate({ target: rules.subject, set: row })
        .run();
    },
    deleteRule: async (tx, subject) =>
      database.sql(tx).delete(rules).where(eq(rules.subject, subject)).run().changes > 0,
    deleteExpiredRules: async (tx, at) =>
      database
        .sql(tx)
        .delete(rules)
        .where(and(isNotNull(rules.expiresAt), lte(rules.expiresAt, at)))
        .run().changes,
  };
}

function rowOf(domain: Domain, key: PeerKey, pinned: boolean): typeof keys.$inferInsert {
  const { kid, notBefore, seenAt } = key;
  const octets = Buffer.from(key.key.buffer, key.key.byteOffset, key.key.byteLength);
  return { domain, kid, key: octets, notBefore, expires: key.expires ?? null, seenAt, pinned };
}

function keyOf({ kid, key, notBefore, expires, seenAt }: typeof keys.$inferSelect): PeerKey {
  return { kid, key: new Uint8Array(key), notBefore, expires: expires ?? undefined, seenAt };
}

function ruleOf(row: typeof rules.$inferSelect): Rule {
  return {
    ...row,
    subject: parseRuleSubject(row.subject),
    perMinute: row.perMinute ?? undefined,
    expiresAt: row.expiresAt ?? undefined,
  };
}
