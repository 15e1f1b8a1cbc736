import { Refusal } from "@treehouse/protocol";

import { type GroupsContext, type Room } from "../room/index.ts";
import { finishSend } from "../saying/index.ts";
import { refusalFor } from "./transient.ts";

/**
 * Of a room of which nothing more is read, what became of each message whose answer never came: it may
 * stand in the log, and nobody is told that it was refused then. The same request has the same answer, also
 * for whoever is out by now (FED-224).
 */
export async function askOnceMore(context: GroupsContext, room: Room): Promise<void> {
  const intents = await context.store.transaction((tx) => tx.intents.list(room.uri));
  for (const intent of intents) {
    const { kind, status, request } = intent;
    if (kind !== "send" || status !== "submitted" || request === undefined) continue;
    const answer = await context.link.submit(room.uri, request).catch(refusalFor);
    const isTaken = !(answer instanceof Refusal) && answer.status === "accepted";
    if (isTaken) await finishSend(context, room, intent, answer);
  }
}
