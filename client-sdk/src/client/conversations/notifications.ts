import { parseAddress, Refusal, type RoomUri } from "@treehouse/protocol";

import { notesOf } from "../../account/index.ts";
import {
  type NotificationChange,
  type NotificationLevel,
  type NotificationRules,
  notify,
  rulesFor,
  rulesOf,
  type Verdict,
  writeRoomLevel,
  writeRules,
} from "../../notifications/index.ts";
import type { LocalTx, Unread } from "../../storage/index.ts";
import type { ConversationParts } from "../conversation/index.ts";
import { guarded } from "../guarded.ts";
import { organisationOf, unreadIn } from "../account/index.ts";

/** A message as it came, or might come. */
export type Judged = {
  /** Its conversation, by id. */
  readonly conversation: string;
  /** An address; by default somebody else's. */
  readonly sender?: string;
  readonly text: string;
  /** It names the user. */
  readonly mention?: boolean;
  /** Where it stands; by default behind everything that was read. */
  readonly position?: number;
};

/** When the user is told of messages. The event `notification` goes by it. */
export interface ClientNotifications {
  rules(): Promise<NotificationRules>;
  /** Changes what is named, on all clients of the user, and answers everything. */
  set(change: NotificationChange): Promise<NotificationRules>;
  /** A level for one conversation, by its id; null: as the others. */
  setLevel(conversation: string, level: NotificationLevel | null): Promise<NotificationRules>;
  /** What the rules say to a message, now or at another time. */
  judge(message: Judged, at?: number): Promise<Verdict>;
  /** What counts in all conversations that are not archived: messages where not muted, and mentions. */
  unread(): Promise<Unread>;
}

export function createClientNotifications(parts: ConversationParts): ClientNotifications {
  const { chosen, session, store } = parts;
  const write = (run: (tx: LocalTx, at: number) => void): Promise<NotificationRules> =>
    guarded(async () => {
      const rules = await store.transaction((tx) => {
        run(tx, chosen.now());
        return rulesOf(tx);
      });
      await chosen.push();
      return rules;
    });
  const knownRoom = (tx: LocalTx, id: string): RoomUri => {
    const row = tx.rooms.list().find(({ room }) => room === id);
    if (row !== undefined) return row.room;
    throw new Refusal("unknownRoom", `there is no conversation "${id}" in this store`);
  };
  return {
    rules: () => guarded(() => store.transaction(rulesOf)),
    set: (change) => write((tx, at) => writeRules(tx, { change, at, random: session.random })),
    setLevel: (conversation, level) =>
      write((tx, at) => writeRoomLevel(tx, knownRoom(tx, conversation), { level, at })),
    judge: (message, at = chosen.now()) =>
      guarded(() =>
        store.transaction((tx) => {
          const room = knownRoom(tx, message.conversation);
          const sender = message.sender === undefined ? undefined : parseAddress(message.sender);
          const { position = Number.MAX_SAFE_INTEGER, text, mention = false } = message;
          const arrived = {
            room,
            direct: tx.rooms.get(room)?.template === "direct",
            own: sender === session.user,
            blocked: sender !== undefined && tx.relations.isBlocked(sender),
            read: position <= notesOf(tx, room).readPosition,
            mention,
            text,
          };
          return notify(arrived, rulesFor(tx, room), at);
        }),
      ),
    unread: () =>
      guarded(() =>
        store.transaction((tx) => {
          const rooms = tx.rooms
            .list()
            .map(({ room }) => room)
            .filter((room) => !organisationOf(tx, room, chosen.now()).archived);
          return unreadIn(tx, rooms, chosen.now());
        }),
      ),
  };
}
