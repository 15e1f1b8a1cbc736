import { chainHashOf, decodeEntry, equalBytes, LIMITS } from "@treehouse/protocol";
import type { Bytes } from "@treehouse/protocol";
import type { Tx } from "../../platform/index.ts";
import { sha256 } from "../sha256.ts";
import type { FollowedContext } from "./context.ts";
import type { TouchedRoom } from "./prepare.ts";

/**
 * The position of the last entry here that a restored hub still knows: the one whose hash its new
 * term goes on from. What stands behind it was forgotten, and whoever said it learns so (FED-416).
 * Undefined when it is not found among the newest entries: then nobody here has more than the hub.
 */
export async function lastKnown(
  { roomLog }: Pick<FollowedContext, "roomLog">,
  tx: Tx,
  { room, head }: TouchedRoom,
  hash: Bytes,
): Promise<number | undefined> {
  if (equalBytes(head.hash, hash)) return head.position;
  let upTo = head.position;
  for (let page = 0; page < pagesMax && upTo > 0; page += 1) {
    const after = Math.max(0, upTo - LIMITS.eventsPerPageMax);
    const { entries } = await roomLog.readLog(tx, room.room, { after, upTo });
    for (const { position, bytes } of entries.toReversed()) {
      const entry = decodeEntry(bytes, "sliced");
      if (equalBytes(chainHashOf(entry, bytes, sha256), hash)) return position;
    }
    upTo = after;
  }
  return undefined;
}

/** A hub signs its head about every second, so that little lies behind what it takes back. */
const pagesMax = 16;
