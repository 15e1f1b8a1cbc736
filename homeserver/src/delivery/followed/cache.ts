import type { RoomUri } from "@treehouse/protocol";
import type { Database } from "../../platform/index.ts";
import type { FollowedRoom } from "./room.ts";
import type { FollowedStore } from "./store.ts";

/** Followed rooms in use, in memory: what is committed. Transactions read the head again. */
export interface FollowedCache {
  /** Answers at once when the room is in memory; undefined when it is not followed. */
  get(room: RoomUri): FollowedRoom | undefined | Promise<FollowedRoom | undefined>;
  /** The room if it is in memory. */
  peek(room: RoomUri): FollowedRoom | undefined;
  /** Called after COMMIT only. */
  put(room: FollowedRoom): void;
  /** Forgets a room: what is stored of it changed otherwise than by what its hub sent. */
  drop(room: RoomUri): void;
  /** Forgets every room, after what is stored of them changed as a whole. */
  clear(): void;
}

export function createFollowedCache(options: {
  readonly database: Database;
  readonly store: FollowedStore;
  /** Rooms beyond which those unused for longest are forgotten. */
  readonly roomsMax: number;
}): FollowedCache {
  const { database, store, roomsMax } = options;
  /** In the order of their last use. */
  const rooms = new Map<RoomUri, FollowedRoom>();

  function put(room: FollowedRoom): void {
    rooms.delete(room.room);
    rooms.set(room.room, room);
    const [oldest] = rooms.keys();
    if (rooms.size > roomsMax && oldest !== undefined) rooms.delete(oldest);
  }

  async function load(name: RoomUri): Promise<FollowedRoom | undefined> {
    const stored = await database.read((tx) => store.followedRoom(tx, name));
    // What was committed and put here meanwhile is newer.
    const known = rooms.get(name);
    if (known !== undefined || stored === undefined) return known;
    put(stored);
    return stored;
  }

  return {
    get(name) {
      const known = rooms.get(name);
      if (known === undefined) return load(name);
      rooms.delete(name);
      rooms.set(name, known);
      return known;
    },
    peek: (name) => rooms.get(name),
    put,
    drop: (name) => void rooms.delete(name),
    clear: () => rooms.clear(),
  };
}
