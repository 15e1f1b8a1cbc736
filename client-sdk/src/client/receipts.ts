import { MESSAGE_STATUSES, type RoomUri, toHex, type UserUri } from "@treehouse/protocol";

import { composeStatus, type Takers } from "../messages/index.ts";
import type { ClientEvents } from "../events/index.ts";
import type { ConversationParts } from "./conversation-parts.ts";

/** In larger conversations nobody is told who has read what: that would be most of what is said. */
const usersToldMax = 16;
/** One report names so many messages, the newest; who reads the last one has read those before. */
const idsMax = 100;

/** Takes in how far others have read; what one says oneself is known from the account data. */
export function receiptTaker(
  self: UserUri,
  tell: (told: ClientEvents["read"]) => void,
): Takers["status"] {
  return (tx, { user, room, report }) => {
    if (user === self) return () => undefined;
    const positions = report
      .filter(({ status }) => status === MESSAGE_STATUSES.read)
      .map(({ messageId }) => tx.messages.byId(room, toHex(messageId))?.position ?? 0);
    const position = Math.max(0, ...positions);
    if (position === 0 || !tx.receipts.read(room, user, position)) return () => undefined;
    return () => tell({ room, user, position });
  };
}

/**
 * Tells the others in a small conversation that their messages between two positions were read, unless
 * the user does not want that. What cannot be sent now goes out later.
 */
export async function tellRead(
  { groups, session, store }: ConversationParts,
  room: RoomUri,
  { after, upTo }: { readonly after: number; readonly upTo: number },
): Promise<void> {
  const ids = await store.transaction((tx) => {
    if (!tx.preferences.get().readReceipts || tx.rooms.get(room)?.status !== "joined") return [];
    return tx.messages.othersWithin(room, after, upTo, idsMax);
  });
  if (ids.length === 0) return;
  const { members, template } = await groups.info(room);
  if (members.length > usersToldMax) return;
  const shut = await store.transaction((tx) =>
    members.some(({ user }) => template === "direct" && tx.relations.isBlocked(user)),
  );
  if (shut) return;
  const place = { room, sender: session.user, random: session.random };
  await groups.sendLater(room, composeStatus(place, ids, "read").content);
}
