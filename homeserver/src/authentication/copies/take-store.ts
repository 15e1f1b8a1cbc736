import { equalBytes, fromBase64Url, LIMITS, nameOf, Refusal } from "@treehouse/protocol";
import type { Bytes, TicketRequest } from "@treehouse/protocol";
import type { Session } from "../../platform/index.ts";
import type { AuthenticationContext } from "../context.ts";
import type { Neighbours } from "../ports.ts";

type CopiesContext = Pick<AuthenticationContext, "database" | "env" | "marks"> & {
  readonly neighbours: { readonly current: Pick<Neighbours, "keyPackages"> };
};

/** A request is not on its way for longer than so many openings. */
const formerMax = 8;

/** The store that a client connects with. */
export type StoreClaim = NonNullable<TicketRequest["store"]> & {
  /** The same client has an open socket. */
  readonly isConnected: boolean;
};

export type StoreTaken = {
  readonly store: "known" | "restored";
  readonly copiedAt?: number | undefined;
};

/**
 * Lets one of the copies of a client's store in (decision 0089). A store knows the mark that was let in
 * last, or it is a copy from before that: one that was put back, or one of two that live. It counts as
 * put back unless another one is connected, has been let in by this very process, or was itself
 * replaced by an older copy. Refuses `storeCopied`. A mark that this very store has had before, or that
 * was refused, comes from a request that was long on its way, of a process that is gone: that is no copy.
 */
export async function takeStore(
  { database, env, marks, neighbours }: CopiesContext,
  { user, client }: Pick<Session, "user" | "client">,
  { marks: named, running, isConnected }: StoreClaim,
): Promise<StoreTaken> {
  const known = named.map((one) => fromBase64Url(one));
  const mark = known.at(-1);
  if (mark === undefined) throw new Refusal("malformed", "a store without a mark");
  const has = (one: Bytes) => known.some((other) => equalBytes(one, other));
  const taken = await database.transaction(async (tx): Promise<StoreTaken | undefined> => {
    const row = await marks.of(tx, client);
    const next = { client, name: nameOf(user), mark, copiedAt: undefined };
    if (row === undefined || has(row.mark)) {
      const isNew = row !== undefined && !equalBytes(row.mark, mark);
      // Also those of openings whose requests have not come yet, and may still.
      const former = [...(row?.former ?? []), ...(isNew ? known.slice(0, -1) : [])];
      const lists = { replaced: row?.replaced ?? [], former: former.slice(-formerMax) };
      await marks.put(tx, { ...next, ...lists });
      return { store: "known", copiedAt: row?.copiedAt };
    }
    if (row.former.some((one) => equalBytes(one, mark))) return undefined;
    if (isConnected || running || row.replaced.some(has)) {
      // Its process does nothing more; another copy of this request may come when nobody is connected.
      const former = [...row.former, mark].slice(-formerMax);
      await marks.put(tx, { ...row, former, copiedAt: env.now() });
      return undefined;
    }
    const replaced = [...row.replaced, row.mark].slice(-LIMITS.replacedMarksMax);
    await marks.put(tx, { ...next, replaced, former: [] });
    // The other copy may hold what opens a Welcome to them.
    await neighbours.current.keyPackages.deleteStockOf(tx, client);
    return { store: "restored" };
  });
  if (taken === undefined) throw new Refusal("storeCopied", "another copy of this store is in use");
  return taken;
}
