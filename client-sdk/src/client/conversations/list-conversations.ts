import { formatAddress, type RoomUri } from "@treehouse/protocol";

import { isHidden } from "../../groups/index.ts";
import {
  type ConversationInfo,
  openConversation,
  type ConversationParts,
} from "../conversation/index.ts";
import type { LocalTx } from "../../storage/index.ts";

/**
 * All conversations of the store, oldest first, but for those with somebody blocked alone and those
 * into which somebody blocked has brought this client: they are there again once the block ends.
 */
export async function listConversations(
  parts: ConversationParts,
): Promise<readonly ConversationInfo[]> {
  const { store } = parts;
  const { rooms, blocked } = await store.transaction((tx) => ({
    rooms: roomsHere(tx).filter((room) => !isHidden(tx, room)),
    blocked: new Set(
      tx.relations
        .list()
        .filter(({ state }) => state === "blocked")
        .map(({ user }) => formatAddress(user)),
    ),
  }));
  const infos = await Promise.all(rooms.map((room) => openConversation(parts, room).info()));
  return infos.filter(
    ({ template, members }) =>
      template !== "direct" || !members.some(({ address }) => blocked.has(address)),
  );
}

/** Those that this client was ever in, and behind them those that an archive told of. */
export function roomsHere(tx: LocalTx): readonly RoomUri[] {
  const all = [...tx.rooms.list(), ...tx.history.toldRooms()];
  return [...new Set(all.map(({ room }) => room))];
}
