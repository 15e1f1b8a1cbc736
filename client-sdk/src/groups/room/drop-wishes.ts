import type { Refusal } from "@treehouse/protocol";

import type { IntentKind, LocalTx } from "../../storage/index.ts";
import type { GroupsContext, Room } from "./context.ts";

/** After COMMIT: whoever waits for a dropped wish, or listens, is told why. */
export type TellDropped = (context: GroupsContext, refusal: Refusal) => void;

/** Forgets what was wanted in a room that this client has no part in any more, but for one kind of it. */
export function dropWishes(tx: LocalTx, room: Room, kept?: IntentKind): TellDropped {
  const dropped = tx.intents.list(room.uri).filter(({ kind }) => kind !== kept);
  for (const { serial } of dropped) tx.intents.delete(serial);
  return (context, refusal) => {
    // A message that was taken is no wish any more; a change has to come back before it is done.
    const wishes = dropped.filter(({ kind, status }) => kind !== "send" || status !== "accepted");
    const waiters = wishes.map(({ serial }) => room.waiters.get(serial));
    for (const { serial } of dropped) room.waiters.delete(serial);
    for (const waiter of waiters) waiter?.reject(refusal);
    if (!waiters.includes(undefined)) return;
    const { position } = room.cursor;
    const text = `What was wanted here cannot be done any more: ${refusal.message}`;
    context.events.emit("fault", { room: room.uri, position, code: "intentRefused", text });
  };
}
