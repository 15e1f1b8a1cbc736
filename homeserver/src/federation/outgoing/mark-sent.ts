import { LIMITS } from "@treehouse/protocol";
import type { FederationContext } from "../context.ts";
import { bringsHead, isPointer, pendingOf } from "./item.ts";
import type { PeerStream } from "./stream.ts";

const pageRows = 2_000;

/**
 * Notes that the peer has the items which are still here and that it has taken. Their rows were kept
 * because no head covered them when the server stopped: those heads are owed now. What brought its
 * head is owed none; behind the commit that removed the peer's last member there will be no other.
 */
export async function markSent(
  { database, store }: FederationContext,
  { id, kept, acked, owed }: PeerStream,
): Promise<void> {
  let after = kept;
  while (after < acked) {
    const range = { peer: id, after, limit: pageRows, bytesMax: LIMITS.batchBytesMax };
    const page = await database.read((tx) => store.page(tx, range));
    for (const row of page) {
      if (row.sequence > acked || !isPointer(row.form)) continue;
      owed.sent(row, bringsHead(pendingOf(row, undefined)));
    }
    after = page.at(-1)?.sequence ?? acked;
  }
}
