import { chainHashOf, decodeEntry, equalBytes, readRestored } from "@treehouse/protocol";
import type { Entry } from "@treehouse/protocol";
import { sha256 } from "../../platform/index.ts";
import type { Tx } from "../../platform/index.ts";
import type { FollowedContext } from "./context.ts";
import type { TouchedRoom } from "./prepare.ts";

/**
 * The position of the last entry here that a restored hub still knows. What stands behind it was
 * forgotten, and whoever said it learns so (FED-416). It need not be here any more, so the hub
 * names it; if it does not, or names one that is another one here, all that is kept counts as
 * forgotten: what is told in vain comes twice, and is recognised; what is not told is lost.
 */
export async function lastKnown(
  { roomLog }: Pick<FollowedContext, "roomLog">,
  tx: Tx,
  { room, head }: TouchedRoom,
  entry: Entry,
): Promise<number> {
  if (equalBytes(head.hash, entry.previous)) return head.position;
  const named = readRestored(entry)?.position;
  if (named !== undefined) {
    const at = await roomLog.readLog(tx, room.room, { after: named - 1, upTo: named });
    const bytes = at.entries[0]?.bytes;
    if (bytes === undefined) return named;
    const hash = chainHashOf(decodeEntry(bytes, "sliced"), bytes, sha256);
    if (equalBytes(hash, entry.previous)) return named;
  }
  const { entries } = await roomLog.readLog(tx, room.room, { after: 0, entriesMax: 1 });
  const [oldest] = entries;
  return oldest === undefined ? head.position : oldest.position - 1;
}
