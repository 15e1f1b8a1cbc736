import type { MemberGroup } from "@treehouse/mls/member";
import {
  type Bytes,
  type CommitEntry,
  equalBytes,
  peekMlsMessage,
  type RoomUri,
  sha256,
  toHex,
} from "@treehouse/protocol";

import type { LocalTx } from "../../storage/index.ts";
import { type GroupsContext, type Room, loadGroup } from "../room/index.ts";

const place = (room: RoomUri) => `return ${room}`;

/** The commit by which this store is coming back, before it leaves: a crash may hide what became of it. */
export function noteReturn(tx: LocalTx, room: RoomUri, commit: Bytes): void {
  tx.settings.put(place(room), sha256(commit));
}

export function forgetReturn(tx: LocalTx, room: RoomUri): void {
  tx.settings.delete(place(room));
}

/** Whether a commit by which this store is coming back may still come. */
export function awaitsReturn(tx: LocalTx, room: RoomUri): boolean {
  return tx.settings.get(place(room)) !== undefined;
}

/**
 * Whether a commit gave this client's leaf keys that are not here: this store made it to come back, and
 * died before it knew; or another copy of the store made it, which is not in use any more (FED-1111).
 */
export async function isOfLostKeys(
  context: GroupsContext,
  room: Room,
  entry: CommitEntry,
): Promise<boolean> {
  const { commit } = entry;
  const { isReturn, isWished } = await context.store.transaction((tx) => {
    const noted = tx.settings.get(place(room.uri));
    const hash = context.member.crypto.hash(commit);
    return {
      isReturn: noted !== undefined && equalBytes(noted, hash),
      isWished: tx.intents.byHash(room.uri, toHex(hash)) !== undefined,
    };
  });
  if (isReturn || isWished || !context.copies.shares(room.uri)) return isReturn;
  return isOfOwnLeaf(context, await loadGroup(context, room), entry);
}

/** Whether a commit gives this client's leaf keys, as far as its octets say. */
export function isOfOwnLeaf(
  { self }: GroupsContext,
  { ownLeaf }: MemberGroup,
  { commit, leafChanges }: CommitEntry,
): boolean {
  const framing = peekMlsMessage(commit);
  if (framing.wireFormat !== "public") return false;
  const { sender } = framing;
  if (sender.kind === "member") return sender.leaf === ownLeaf;
  const own = leafChanges.filter(({ client }) => client === self.client);
  return own.some(({ change }) => change === "added");
}
