import { type Domain, type RoomUri, type SignedHead, signedHeadCodec } from "@treehouse/protocol";
import type { ReadTx } from "../../platform/index.ts";
import type { PeerRange } from "../store/index.ts";
import type { MovesContext } from "./context.ts";

/**
 * What a follower of a room that was hosted here may still read of it: up to the entry with which
 * this hub closed its log. Undefined for anybody else.
 */
export async function readMovedEvents(
  { store }: Pick<MovesContext, "store">,
  tx: ReadTx,
  peer: Domain,
  room: RoomUri,
  after: number,
): Promise<{ readonly range: PeerRange; readonly head: SignedHead | undefined } | undefined> {
  const moved = await store.movedRoom(tx, room);
  if (moved === undefined || after >= moved.position) return undefined;
  const ranges = await store.peerRanges(tx, moved.roomId, peer);
  const range = ranges.find(({ until }) => until === undefined || until > after);
  if (range === undefined) return undefined;
  const isOpen = range.until === undefined;
  return {
    range: { since: range.since, until: Math.min(range.until ?? Infinity, moved.position) },
    head: isOpen ? signedHeadCodec.decode(moved.signedHead) : undefined,
  };
}
