import { Refusal } from "@treehouse/protocol";

import type { IntentRow } from "../../storage/index.ts";
import { UnreachableUser } from "../changing/index.ts";
import type { Room } from "../room/index.ts";

const firstDelayMs = 2_000;
const delayMaxMs = 10 * 60 * 1000;
/** A server that is being started anew is there within seconds. */
const unreachableTries = 3;
const unreachableDelayMs = 500;

/**
 * Whether this intent waits, and everything else in the room goes on meanwhile. After a restore the server
 * has nobody's KeyPackages until they come back and bring new ones: who is to be added again is waited for,
 * as is their server. Whoever else is to be added, and whose server cannot be reached, is asked for a few
 * times more.
 */
export function postpone(
  room: Room,
  { serial }: IntentRow,
  error: unknown,
  again: () => void,
): boolean {
  const delayMs = delayOf(room, serial, error);
  if (delayMs === undefined) return false;
  room.postponed.add(serial);
  // It may be set to a later time, for others.
  room.postponement.cancel();
  room.postponement.set(delayMs, () => {
    room.postponements += 1;
    room.postponed.clear();
    again();
  });
  return true;
}

function delayOf(room: Room, serial: number, error: unknown): number | undefined {
  const isUnreachable = error instanceof UnreachableUser;
  const isMissing = error instanceof Refusal && error.code === "keyPackagesExhausted";
  if (room.hub.again.includes(serial)) {
    if (!isUnreachable && !isMissing) return undefined;
    return Math.min(delayMaxMs, firstDelayMs * 2 ** Math.min(room.postponements, 16));
  }
  const tries = room.unreachable.get(serial) ?? 0;
  room.unreachable.delete(serial);
  if (!isUnreachable || tries >= unreachableTries) return undefined;
  room.unreachable.set(serial, tries + 1);
  return unreachableDelayMs * 2 ** tries;
}
