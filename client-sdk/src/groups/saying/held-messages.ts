import type { LocalTx } from "../../storage/index.ts";
import { type GroupsContext, type Room, writeHubRecord, isHidden } from "../room/index.ts";
import { ownMessage } from "./send-intent.ts";

/**
 * Somebody is back who had been removed: whatever was to be sent before that is kept back. It goes
 * out when they were removed again, or when the user says so for each message.
 */
export function holdSends(tx: LocalTx, room: Room): void {
  for (const { serial, kind } of tx.intents.list(room.uri)) {
    if (kind === "send") tx.intents.setStatus(serial, "held");
  }
}

/** The ids of the messages that are kept back. */
export function heldMessages(context: GroupsContext, room: Room, tx: LocalTx): readonly string[] {
  return tx.intents
    .list(room.uri)
    .filter(({ status }) => status === "held")
    .map((intent) => ownMessage(context, room.uri, intent))
    .filter(({ aside }) => aside === undefined)
    .map(({ messageId }) => messageId);
}

/** Whoever came back is out again: what was kept back goes out. */
export function releaseHeld(context: GroupsContext, room: Room): Promise<void> {
  return room.serial.run(async () => {
    const record = { ...room.hub, first: undefined };
    await context.store.transaction((tx) => {
      for (const { serial, status } of tx.intents.list(room.uri)) {
        if (status === "held") tx.intents.reset(serial);
      }
      writeHubRecord(tx, room.uri, record);
    });
    room.hub = record;
  });
}

/** Says once in each run of the client what waits for the user's word, unless that is under way. */
export async function tellHeld(context: GroupsContext, room: Room): Promise<void> {
  if (room.heldTold || room.hub.first !== undefined) return;
  room.heldTold = true;
  const messages = await context.store.transaction((tx) =>
    isHidden(tx, room.uri) ? [] : heldMessages(context, room, tx),
  );
  if (messages.length === 0) return;
  context.events.emit("lostByServer", { room: room.uri, messages, sentAgain: false });
}
