import { Refusal } from "@treehouse/protocol";

import type { LocalTx } from "../storage/index.ts";
import type { GroupsContext, Room } from "./context.ts";
import { joinWelcome } from "./join-welcome.ts";
import { isPassing, isSessionOver } from "./passing.ts";
import { pinMembers } from "./pin-members.ts";
import { isHidden } from "./reception.ts";
import { dropFirstWelcome, firstWelcome, type WelcomeEntry } from "./waiting-welcomes.ts";

/**
 * Joins by a Welcome, together with what `also` writes. One that cannot be used is told and passed
 * over, for it must not block anything (T-41); the client then comes in by a commit of its own.
 * Runs in the room's `serial`.
 */
export async function enterRoom(
  context: GroupsContext,
  room: Room,
  entry: WelcomeEntry,
  also: (tx: LocalTx) => void,
): Promise<void> {
  let hidden: boolean;
  try {
    const joined = await joinWelcome(context, entry.welcome, entry.acceptedAt);
    hidden = await context.store.transaction((tx) => {
      joined.write(tx);
      also(tx);
      return isHidden(tx, room.uri);
    });
    room.group = joined.group;
    room.cursor = joined.cursor;
    room.forked = false;
    room.lost = false;
    room.epochAtHub = 0;
    room.hub = joined.hub;
    room.rollback = undefined;
    room.warned = false;
    room.forgotten = false;
  } catch (error) {
    if (!(error instanceof Refusal) || isPassing(error) || isSessionOver(error)) throw error;
    await context.store.transaction(also);
    if (error.code === "roomExists") return;
    room.lost = true;
    const { position } = entry;
    const text = `A Welcome cannot be used (${error.message}); trying to come in without it.`;
    context.events.emit("fault", { room: room.uri, position, code: "welcomeUnusable", text });
    return;
  }
  if (!hidden) context.events.emit("joined", { room: room.uri });
  await pinMembers(context, room, room.group.members());
}

/**
 * The server goes on right behind a Welcome that waits for the entry with which this client leaves:
 * it has forgotten that the client was in, and there will be no such entry. The old membership ends
 * here. Answers whether it was so.
 */
export async function supersede(
  context: GroupsContext,
  room: Room,
  position: number,
): Promise<boolean> {
  const ends = await context.store.transaction((tx) => {
    if (firstWelcome(tx, room.uri)?.welcome.position !== position) return false;
    tx.rooms.setStatus(room.uri, "removed");
    tx.rooms.deleteGroup(room.uri);
    return true;
  });
  if (!ends) return false;
  room.group = undefined;
  return enterAgain(context, room);
}

/** Enters again by a Welcome that came early, if there is one. Answers whether there was. */
export async function enterAgain(context: GroupsContext, room: Room): Promise<boolean> {
  const waiting = await context.store.transaction((tx) => firstWelcome(tx, room.uri));
  if (waiting === undefined) return false;
  await enterRoom(context, room, waiting, (tx) => dropFirstWelcome(tx, room.uri));
  return true;
}
