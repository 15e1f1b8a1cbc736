import type { RoomUri, UserUri } from "@treehouse/protocol";

import { notesOf } from "../account/index.ts";
import type { ClientEvents, Events } from "../events/index.ts";
import { withChanges } from "../groups/index.ts";
import { messageOf } from "../messages/index.ts";
import type { LocalStore, LocalTx } from "../storage/index.ts";
import { notify } from "./notify.ts";
import { rulesFor } from "./rules.ts";

type Place = { readonly room: RoomUri; readonly position: number };

export interface Notifier {
  /** A message of somebody else was stored, or of another client of the user. */
  arrived(place: Place): void;
  /** What the user's other clients have chosen and read is known here now. */
  settled(): void;
  stop(): void;
}

/**
 * Tells of messages that deserve it. What comes while the client catches up waits until it knows what was
 * read elsewhere, so that nobody is woken for something that they have read.
 */
export function createNotifier(parts: {
  readonly store: LocalStore;
  readonly events: Events<ClientEvents>;
  readonly self: UserUri;
  readonly now: () => number;
  readonly log: (event: string, error: unknown) => void;
}): Notifier {
  const { store, events, self, now, log } = parts;
  let waiting: Place[] = [];
  let isSettled = false;
  let isStopped = false;
  events.on("state", ({ state }) => {
    if (state !== "live") isSettled = false;
  });
  const judge = (tx: LocalTx, place: Place): readonly ClientEvents["notification"][] => {
    const row = tx.messages.at(place);
    if (row?.kind !== "content") return [];
    const message = messageOf(withChanges(tx, row));
    const { room, position } = place;
    const arrived = {
      room,
      direct: tx.rooms.get(room)?.template === "direct",
      own: message.sender === self,
      blocked: tx.relations.isBlocked(message.sender),
      read: position <= notesOf(tx, room).readPosition,
      mention: row.counts === 2,
      text: message.text,
    };
    const { level, reason } = notify(arrived, rulesFor(tx, room), now());
    if (level === "none") return [];
    const { id: messageId, senderAddress: address, text } = message;
    return [{ room, position, messageId, address, level, reason, text: text.slice(0, shown) }];
  };
  const tell = (): void => {
    if (!isSettled || isStopped || waiting.length === 0) return;
    const places = waiting;
    waiting = [];
    store
      .transaction((tx) => places.flatMap((place) => judge(tx, place)))
      .then((told) => {
        for (const one of told) events.emit("notification", one);
      })
      .catch((error: unknown) => {
        if (!isStopped) log("notification.failed", error);
      });
  };
  return {
    arrived(place) {
      waiting.push(place);
      tell();
    },
    settled() {
      isSettled = true;
      tell();
    },
    stop() {
      isStopped = true;
    },
  };
}

/** So much of a text is handed on: enough for what shows it. */
const shown = 200;
