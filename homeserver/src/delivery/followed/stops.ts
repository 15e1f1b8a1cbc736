import type { RoomUri } from "@treehouse/protocol";
import type { Database } from "../../platform/index.ts";
import type { FollowedStore } from "./store.ts";

/** Rooms of which nothing more is taken, since their hubs contradict themselves (FED-952). */
export interface Stops {
  rooms(): Promise<readonly RoomUri[]>;
  /** Calls `run` after each commit that stopped a room. */
  onStopped(run: (room: RoomUri) => void): void;
}

export function createStops(
  database: Database,
  store: Pick<FollowedStore, "stoppedFollowed">,
): Stops & { told(room: RoomUri): void } {
  const listeners: ((room: RoomUri) => void)[] = [];
  return {
    rooms: () => database.read((tx) => store.stoppedFollowed(tx)),
    onStopped: (run) => void listeners.push(run),
    told(room) {
      for (const run of listeners) run(room);
    },
  };
}
