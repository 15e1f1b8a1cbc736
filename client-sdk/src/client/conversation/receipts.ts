import {
  formatAddress,
  MESSAGE_STATUSES,
  Refusal,
  type RoomUri,
  toHex,
  type UserUri,
} from "@treehouse/protocol";

import type { ClientEvents } from "../../events/index.ts";
import { composeStatus, type Takers } from "../../messages/index.ts";
import type { ConversationParts } from "./conversation-parts.ts";

/** In larger conversations nobody is told who has read what: that would be most of what is said. */
const usersToldMax = 16;
/** One report names so many messages, the newest; who reads the last one has read those before. */
export const idsMax = 100;

type Told = Pick<ClientEvents, "read" | "delivered">;

/**
 * Takes in how far others have read, and how far what is said has reached them; of what one does oneself
 * the account data knows. Of a report that is longer than anybody needs only the beginning is looked at.
 */
export function receiptTaker(
  self: UserUri,
  tell: <K extends keyof Told>(name: K, told: Told[K]) => void,
): Takers["status"] {
  return (tx, { user, room, report }) => {
    if (user === self) return () => undefined;
    const heard = (["read", "delivered"] as const).flatMap((name) => {
      const positions = report
        .slice(0, idsMax)
        .filter(({ status }) => status === MESSAGE_STATUSES[name])
        .map(({ messageId }) => tx.messages.byId(room, toHex(messageId))?.position ?? 0);
      const position = Math.max(0, ...positions);
      const isNew = position > 0 && tx.receipts.note(room, user, name, position);
      return isNew ? [{ name, told: { room, user, position } }] : [];
    });
    return () => {
      for (const { name, told } of heard) tell(name, told);
    };
  };
}

/** What it takes to say something in the background. */
export type Telling = Pick<ConversationParts, "groups" | "session" | "store">;

/**
 * Tells the others in a small conversation that their messages between two positions were read, unless
 * the user does not want that. What cannot be sent now goes out later.
 */
export async function tellRead(
  parts: Telling,
  room: RoomUri,
  { after, upTo }: { readonly after: number; readonly upTo: number },
): Promise<void> {
  const ids = await parts.store.transaction((tx) => {
    if (!tx.preferences.get().readReceipts || tx.rooms.get(room)?.status !== "joined") return [];
    return tx.unread.within(room, after, upTo, idsMax);
  });
  await tellStatus(parts, room, ids, "read");
}

export async function tellStatus(
  { groups, session, store }: Telling,
  room: RoomUri,
  ids: readonly string[],
  status: "read" | "delivered",
): Promise<void> {
  if (ids.length === 0) return;
  const { members, template } = await groups.info(room);
  if (members.length > usersToldMax) return;
  const shut = await store.transaction((tx) =>
    members.some(({ user }) => template === "direct" && tx.relations.isBlocked(user)),
  );
  if (shut) return;
  const place = { room, sender: session.user, random: session.random };
  await groups.sendLater(room, composeStatus(place, ids, status).content);
}

/** How far one's own message has come, as the others say. */
export type Delivery = {
  /** Addresses of those whom it has reached, read or not. */
  readonly delivered: readonly string[];
  readonly read: readonly string[];
  /** Of whom nothing is known yet. */
  readonly waiting: readonly string[];
};

/** Refuses `notFound`. */
export async function deliveryOf(
  { groups, session, store }: Telling,
  room: RoomUri,
  id: string,
): Promise<Delivery> {
  await groups.echoes(room);
  const { members } = await groups.info(room);
  return store.transaction((tx) => {
    const position = tx.messages.contentById(room, id)?.position;
    if (position === undefined) {
      throw new Refusal("notFound", "there is no message with this id in the conversation");
    }
    const told = new Map(tx.receipts.of(room).map((receipt) => [receipt.user, receipt]));
    const others = members.map(({ user }) => user).filter((user) => user !== session.user);
    const whose = (name: "read" | "delivered") =>
      others.filter((user) => (told.get(user)?.[name] ?? 0) >= position);
    const delivered = whose("delivered");
    return {
      delivered: delivered.map(formatAddress),
      read: whose("read").map(formatAddress),
      waiting: others.filter((user) => !delivered.includes(user)).map(formatAddress),
    };
  });
}
