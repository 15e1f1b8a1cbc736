import { and, asc, count, eq, notInArray, sql } from "drizzle-orm";
import { parseUserUri } from "@treehouse/protocol";
import { buffer, bytes } from "../blob.ts";
import type { Database } from "../../platform/index.ts";
import { linkUses } from "../schema.ts";
import type { LinkUseStore } from "./store.ts";

export function createLinkUseStore(database: Database): LinkUseStore {
  return {
    countLinkUses: async (tx, roomId, link) =>
      database
        .sql(tx)
        .select({ rows: count() })
        .from(linkUses)
        .where(and(eq(linkUses.roomId, roomId), eq(linkUses.link, buffer(link))))
        .orderBy(asc(sql`1`))
        .get()?.rows ?? 0,
    addLinkUse: async (tx, roomId, { link, position, owedTo }) => {
      database
        .sql(tx)
        .insert(linkUses)
        .values({ roomId, position, link: buffer(link), owedTo: owedTo ?? null })
        .run();
    },
    takeOwedRole: async (tx, roomId, link, user) => {
      const { changes } = database
        .sql(tx)
        .update(linkUses)
        .set({ owedTo: null })
        .where(
          and(
            eq(linkUses.roomId, roomId),
            eq(linkUses.link, buffer(link)),
            eq(linkUses.owedTo, user),
          ),
        )
        .run();
      return changes > 0;
    },
    dropLinkUse: async (tx, roomId, position) => {
      database
        .sql(tx)
        .delete(linkUses)
        .where(and(eq(linkUses.roomId, roomId), eq(linkUses.position, position)))
        .run();
    },
    linkUses: async (tx, roomId) =>
      database
        .sql(tx)
        .select()
        .from(linkUses)
        .where(eq(linkUses.roomId, roomId))
        .orderBy(asc(linkUses.position))
        .all()
        .map(({ position, link, owedTo }) => ({
          position,
          link: bytes(link),
          owedTo: owedTo === null ? undefined : parseUserUri(owedTo),
        })),
    keepLinkUses: async (tx, roomId, links) => {
      const kept = links.map((link) => buffer(link));
      database
        .sql(tx)
        .delete(linkUses)
        .where(and(eq(linkUses.roomId, roomId), notInArray(linkUses.link, kept)))
        .run();
    },
  };
}
