import type { RoomUri } from "@treehouse/protocol";

/**
 * Lets the handshakes of one room be checked one after another. Their checks are the dear ones,
 * and after the first of many commits the others are refused by their epoch alone.
 */
export interface Turns {
  take<T>(room: RoomUri, run: () => Promise<T>): Promise<T>;
}

export function createTurns(): Turns {
  const last = new Map<RoomUri, Promise<unknown>>();
  return {
    async take(room, run) {
      const before = last.get(room);
      const own = before === undefined ? run() : before.then(run, run);
      last.set(room, own);
      try {
        return await own;
      } finally {
        if (last.get(room) === own) last.delete(room);
      }
    },
  };
}
