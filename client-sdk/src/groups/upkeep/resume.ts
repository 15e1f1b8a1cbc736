import { Refusal } from "@treehouse/protocol";

import type { Alarm } from "../alarms.ts";
import { type GroupsContext, loadGroup, noteDamage, roomsWithWelcome } from "../room/index.ts";
import { findForgotten } from "./forgotten-rooms.ts";
import { tellHeld } from "../saying/index.ts";
import { pendingJoins } from "../joining/index.ts";
import type { OpenRooms } from "../open-rooms.ts";
import { publishKeyPackages } from "./publish-key-packages.ts";
import { pump } from "../pump/index.ts";
import { repeatSoon } from "../entries/index.ts";
import { enterRoomsOfUser, isEntering } from "./rooms-of-user.ts";
import { scheduleTidying } from "./tidy-removals.ts";

/** Others may have changed the user's client list: what is done now must stand under the newest. */
export async function refreshSelf(context: GroupsContext): Promise<void> {
  try {
    await context.people.self.refresh();
  } catch (error) {
    context.env.log.warn("ownClients.notRefreshed", { error: String(error) });
  }
}

/** What could not be asked for now is asked for at the next connection. */
export async function catchUpEvents(context: GroupsContext): Promise<void> {
  try {
    await context.accountEvents.catchUp();
  } catch (error) {
    context.env.log.warn("accountEvents.notCaughtUp", { error: String(error) });
  }
}

const compareAgainMs = 10_000;
/** A hub may take long to come back: until then nothing is to be learned. */
const earlyAgainMs = 30_000;
/** What is on its way has left the server. */
const unreadAgainMs = 1_000;

/** A server that cannot say now what it offers is asked again; its streams go on meanwhile. */
export async function compareRooms(
  context: GroupsContext,
  rooms: OpenRooms,
  again: Alarm,
): Promise<void> {
  const lookLater = (delayMs: number) =>
    again.set(delayMs, () => {
      compareRooms(context, rooms, again)
        .then(() => resumeRooms(context, rooms))
        .catch((fault: unknown) => {
          context.env.log.warn("rooms.notResumed", { error: String(fault) });
        });
    });
  try {
    const found = await findForgotten(context, rooms);
    if (found !== "looked") lookLater(found === "early" ? earlyAgainMs : unreadAgainMs);
  } catch (error) {
    context.env.log.warn("rooms.notCompared", { error: String(error) });
    const told = error instanceof Refusal ? error.data.retryAfterMs : undefined;
    lookLater(told ?? compareAgainMs);
  }
}

/** A server that cannot say now where the user is, is asked again. */
export async function enterRooms(
  context: GroupsContext,
  rooms: OpenRooms,
  again: Alarm,
): Promise<void> {
  try {
    // With the rooms' names, which the user's other clients have noted.
    if (await isEntering(context)) await catchUpEvents(context);
    await enterRoomsOfUser(context, rooms);
  } catch (error) {
    context.env.log.warn("rooms.notEntered", { error: String(error) });
    const told = error instanceof Refusal ? error.data.retryAfterMs : undefined;
    again.set(told ?? compareAgainMs, () => void enterRooms(context, rooms, again));
  }
}

export async function resumeRooms(context: GroupsContext, rooms: OpenRooms): Promise<void> {
  const { known, entering, unanswered } = await context.store.transaction((tx) => {
    const rows = tx.rooms.list();
    const over = rows.filter(({ status }) => status === "removed").map(({ room }) => room);
    return {
      known: rows,
      entering: [...roomsWithWelcome(tx), ...pendingJoins(tx)],
      unanswered: over.filter((room) => tx.intents.next(room, new Set()) !== undefined),
    };
  });
  // This client died between being removed and saying that nothing will come of its wishes.
  for (const uri of unanswered) pump(context, await rooms.open(uri));
  for (const uri of entering) pump(context, await rooms.open(uri));
  for (const { room: uri, status } of known) {
    if (status === "removed") continue;
    const room = await rooms.open(uri);
    try {
      await room.serial.run(() => loadGroup(context, room));
      await tellHeld(context, room);
      repeatSoon(context, room);
      scheduleTidying(context, room);
      pump(context, room);
    } catch (error) {
      if (noteDamage(context, room, error)) pump(context, room);
      else context.env.log.error("room.notResumed", { error: String(error) });
    }
  }
}

const refillAgainMs = 60_000;

/** A stock that cannot be filled now hurts nobody yet; it must not break the stream. */
export async function refill(context: GroupsContext, again: Alarm): Promise<void> {
  try {
    await publishKeyPackages(context);
  } catch (error) {
    context.env.log.warn("keyPackages.notFilled", { error: String(error) });
    again.set(refillAgainMs, () => void refill(context, again));
  }
}
