import {
  type Bytes,
  chainHashOf,
  decodeEntry,
  type Domain,
  type Entry,
  equalBytes,
} from "@treehouse/protocol";
import { errorFields, sha256 } from "../../platform/index.ts";
import type { HostedRoom } from "../room/index.ts";
import { isMissing } from "../missing-entry.ts";
import type { Followers } from "./followers.ts";
import type { RestoredContext } from "./settle-room.ts";

type Adoptable = { readonly entry: Entry; readonly bytes: Bytes };

/**
 * The entry itself in the place of a tombstone for it, from the first of these followers that has it; or
 * the tombstone, where none has.
 */
export async function wholeEntry(
  { env }: Pick<RestoredContext, "env">,
  { room }: HostedRoom,
  known: Adoptable,
  from: { readonly followers: Followers; readonly peers: readonly Domain[] },
): Promise<Adoptable> {
  if (!isMissing(known.entry)) return known;
  const { position } = known.entry;
  const hash = chainHashOf(known.entry, known.bytes, sha256);
  for (const peer of from.peers) {
    try {
      const range = { after: position - 1, limit: 1 };
      const [bytes] = (await from.followers.events(peer, room, range)).entries;
      if (bytes === undefined) continue;
      const entry = decodeEntry(bytes, "sliced");
      if (isMissing(entry) || !equalBytes(chainHashOf(entry, bytes, sha256), hash)) continue;
      return { entry, bytes };
    } catch (error) {
      env.log.warn("entryNotAsked", { room, host: peer, ...errorFields(error) });
    }
  }
  return known;
}
