import type { Refusal } from "@treehouse/protocol";

import {
  type GroupsContext,
  type Room,
  dropWishes,
  isHidden,
  writeEnd,
  firstWelcome,
} from "../room/index.ts";
import { endReturn } from "../health/index.ts";

/**
 * This client has no part in the room any more, or never got one: its keys go, the history stays,
 * and whoever waits for something here is told why.
 */
export function closeRoom(context: GroupsContext, room: Room, refusal: Refusal): Promise<void> {
  return room.serial.run(async () => {
    const { unreadTo = 0, outAt = 0 } = room;
    const { position } = room.cursor;
    // What came and will not be read any more: its server need not keep it.
    const passedTo = Math.max(unreadTo, outAt);
    const passed = { stream: room.uri, position: passedTo, hash: new Uint8Array() };
    const { tellDropped, hidden, isOver, passes, comesBack } = await context.store.transaction(
      (tx) => {
        const former = tx.rooms.get(room.uri)?.status;
        const tell = dropWishes(tx, room);
        const isAwaited = firstWelcome(tx, room.uri) !== undefined;
        const leaps = passedTo > position && !isAwaited;
        if (leaps) tx.cursors.set(passed);
        tx.rooms.setStatus(room.uri, "removed");
        tx.rooms.deleteGroup(room.uri);
        // Its hub knows it no more, and this client was in it: it was deleted, or all others have left.
        const over = refusal.code === "unknownRoom" && !room.forgotten && former !== "founding";
        if (over) writeEnd(tx, room.uri, { at: context.env.now(), reason: "" });
        return {
          tellDropped: tell,
          hidden: isHidden(tx, room.uri),
          isOver: over,
          passes: leaps,
          comesBack: isAwaited,
        };
      },
    );
    if (passes) room.cursor = passed;
    // What stands behind its Welcome has come already, and is to come once more.
    if (comesBack) room.late = { ...tried, due: context.env.monotonic() };
    room.group = undefined;
    room.ended ||= isOver;
    room.lost = false;
    // What becomes of a commit that it could not apply is for those who are in.
    Object.assign(room, { trouble: undefined, passing: undefined, rollback: undefined });
    room.unreadTo = undefined;
    room.outAt = undefined;
    room.forgotten = false;
    endReturn(room, refusal);
    if (!hidden) {
      // What a return would have told of, there is none of.
      if (unreadTo > position) {
        const missed = { from: position + 1, to: unreadTo, reason: "missed" as const };
        context.events.emit("gap", { stream: room.uri, ...missed });
      }
      context.events.emit("removed", { room: room.uri });
    }
    tellDropped(context, refusal);
  });
}

/** As of a Welcome for which the own server had no answer, while entries of its room went by. */
const tried = { attempts: 0, hubAway: false, passedOver: true };
