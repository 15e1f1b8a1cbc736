import type { Room } from "../context.ts";

/** Whoever waits for this client to be back is told; or, with a reason, that it will not be. */
export function endReturn(room: Room, reason?: unknown): void {
  for (const { resolve, reject } of room.returning.splice(0)) {
    if (reason === undefined) resolve();
    else reject(reason);
  }
}
