import type { IntentRow } from "../../storage/index.ts";
import { type GroupsContext, type Room, writeHubRecord } from "../room/index.ts";
import { tellHeld } from "../saying/index.ts";

/** The intent can never be done: it is forgotten, and whoever waits, or listens, is told why. */
export async function giveUp(
  context: GroupsContext,
  room: Room,
  intent: IntentRow,
  error: unknown,
): Promise<void> {
  await room.serial.run(async () => {
    // Who came back stays: what is kept back from them waits for the user's word.
    const isFirst = intent.serial === room.hub.first;
    const record = { ...room.hub, first: isFirst ? undefined : room.hub.first };
    await context.store.transaction((tx) => {
      tx.intents.delete(intent.serial);
      if (isFirst) writeHubRecord(tx, room.uri, record);
    });
    room.hub = record;
    if (isFirst) room.heldTold = false;
  });
  await tellHeld(context, room);
  const waiter = room.waiters.get(intent.serial);
  room.waiters.delete(intent.serial);
  if (waiter !== undefined) {
    waiter.reject(error);
    return;
  }
  context.env.log.warn("intent.refused", { kind: intent.kind });
  // Of this client itself, for upkeep: the next one is on its way, and nobody has asked for either.
  if (intent.kind === "commit") return;
  const text = `A wish of before (${intent.kind}) can never be done: ${String(error)}`;
  const { position } = room.cursor;
  context.events.emit("fault", { room: room.uri, position, code: "intentRefused", text });
}
