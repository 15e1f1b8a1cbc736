import { equalBytes, Refusal, type RoomUri } from "@treehouse/protocol";

import type { LocalTx, NewIntent } from "../../storage/index.ts";
import type { GroupsContext, Rollback, Room } from "../room/index.ts";
import { ownMessage } from "./send-intent.ts";

/** What the hub had accepted of this client and forgot when it was restored. */
export type LostMessages = {
  readonly ids: readonly string[];
  /**
   * Sends them all again, in their order, under the ids that they have, and before what was said later: that
   * one of these is on its way already matters not, since the hub refuses it as it is (FED-957, FED-1106).
   */
  readonly sendAgain: (tx: LocalTx) => void;
};

/**
 * Messages of this client at positions that the hub has forgotten, and those whose acceptance was
 * answered and whose echo never came: every echo that is still to come comes before the gap.
 */
export function lostMessages(
  context: GroupsContext,
  room: Room,
  tx: LocalTx,
  { from }: Pick<Rollback, "from">,
): LostMessages {
  const { self, reader } = context;
  const had = tx.messages
    .contentsWithin(room.uri, from, room.cursor.position)
    .map(({ messageId, body }) => ({ messageId, ...reader.stored(body) }))
    .filter(({ sender }) => sender === self.client);
  const accepted = tx.intents
    .list(room.uri)
    .filter(({ kind, status }) => kind === "send" && status === "accepted");
  const unechoed = accepted
    .map((intent) => ownMessage(context, room.uri, intent))
    .filter(({ aside }) => aside === undefined)
    .map(({ messageId }) => messageId);
  return {
    ids: [...had.map(({ messageId }) => messageId), ...unechoed],
    sendAgain(again) {
      for (const { content } of had.toReversed()) {
        again.intents.addFirst(sendOf(context, room.uri, content));
      }
      for (const { serial } of accepted) again.intents.reset(serial);
    },
  };
}

/** Sends this client's messages at these positions once more, unless they are on their way already. */
export function repeatMessages(
  context: GroupsContext,
  tx: LocalTx,
  room: RoomUri,
  from: number,
  to: number,
): void {
  const open = tx.intents.list(room).filter(({ kind }) => kind === "send");
  for (const { body } of tx.messages.contentsWithin(room, from, to)) {
    const { sender, content } = context.reader.stored(body);
    if (sender !== context.self.client) continue;
    if (open.some((intent) => equalBytes(intent.body, content))) continue;
    addSend(context, tx, room, content);
  }
}

/** Wishes to send one message of this client once more. Refuses `notFound` for any other id. */
export function sendStoredAgain(
  context: GroupsContext,
  room: Room,
  tx: LocalTx,
  messageId: string,
): number {
  const unechoed = tx.intents
    .list(room.uri)
    .find(
      (intent) =>
        intent.kind === "send" && ownMessage(context, room.uri, intent).messageId === messageId,
    );
  if (unechoed !== undefined) {
    if (["accepted", "held"].includes(unechoed.status)) tx.intents.reset(unechoed.serial);
    return unechoed.serial;
  }
  const row = tx.messages.contentById(room.uri, messageId);
  const stored = row === undefined ? undefined : context.reader.stored(row.body);
  if (stored?.sender !== context.self.client) {
    throw new Refusal("notFound", "this client has no message of its own with this id");
  }
  return addSend(context, tx, room.uri, stored.content);
}

function addSend(context: GroupsContext, tx: LocalTx, room: RoomUri, content: Uint8Array): number {
  return tx.intents.add(sendOf(context, room, content));
}

function sendOf({ env }: GroupsContext, room: RoomUri, body: Uint8Array): NewIntent {
  return { room, kind: "send", createdAt: env.now(), body };
}
