import { Refusal } from "@treehouse/protocol";

import type { IntentRow } from "../../storage/index.ts";
import { UnreachableUser } from "../changing/index.ts";
import type { Room } from "../room/index.ts";

const firstDelayMs = 2_000;
const delayMaxMs = 10 * 60 * 1000;

/**
 * After a restore the server has nobody's KeyPackages until they come back and bring new ones. Who
 * is to be added again is waited for, as is their server, and everything else in the room goes on
 * meanwhile. Answers whether this intent is such a one.
 */
export function postpone(
  room: Room,
  { serial }: IntentRow,
  error: unknown,
  again: () => void,
): boolean {
  const isMissing =
    error instanceof UnreachableUser ||
    (error instanceof Refusal && error.code === "keyPackagesExhausted");
  if (!isMissing || !room.hub.again.includes(serial)) return false;
  room.postponed.add(serial);
  const delayMs = Math.min(delayMaxMs, firstDelayMs * 2 ** Math.min(room.postponements, 16));
  room.postponement.set(delayMs, () => {
    room.postponements += 1;
    room.postponed.clear();
    again();
  });
  return true;
}
