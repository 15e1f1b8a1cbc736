import type { Room } from "../room/index.ts";

/** Whoever waits for this client to be back is told; or, with a reason, that it will not be. */
export function endReturn(room: Room, reason?: unknown): void {
  for (const { resolve, reject } of room.returning.splice(0)) {
    if (reason === undefined) resolve();
    else reject(reason);
  }
}

/** Nothing more is done: whoever waits for something here is told why. */
export function endWaiting(room: Room, reason: unknown): void {
  const waiters = [...room.waiters.values(), ...room.joiners.splice(0)];
  room.waiters.clear();
  for (const waiter of waiters) waiter.reject(reason);
  endReturn(room, reason);
}

/** This client is not in the room's epoch, and will not be for a while. */
export function isStuck({ lost, warned, suspendedUntil }: Room): boolean {
  return lost && (warned || suspendedUntil !== undefined);
}
