import type { FederationContext } from "./context.ts";
import { isPointer } from "./item.ts";
import type { PeerStream } from "./stream.ts";

const pageRows = 2_000;

/**
 * Notes that the peer has the items which are still here and that it has taken. Their rows were kept
 * because no head covered them when the server stopped: those heads are owed now.
 */
export async function markSent(
  { database, store }: FederationContext,
  { id, kept, acked, owed }: PeerStream,
): Promise<void> {
  let after = kept;
  while (after < acked) {
    const range = { peer: id, after, upTo: acked, limit: pageRows };
    const page = await database.read((tx) => store.pointers(tx, range));
    for (const pointer of page) if (isPointer(pointer.form)) owed.sent(pointer, false);
    after = page.at(-1)?.sequence ?? acked;
  }
}
