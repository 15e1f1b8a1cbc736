import type { PublicContext } from "@treehouse/mls/public";
import { Refusal, type RoomUri } from "@treehouse/protocol";
import type { Database } from "../../platform/index.ts";
import { type HostedRoom, loadRoom } from "./room.ts";
import type { DeliveryStore } from "../store/index.ts";

/** Rooms in use, in memory. What it says is a proposal: transactions compare it to the head. */
export interface RoomCache {
  /** Refuses with `unknownRoom`, and `roomMoved` if the room was here. Answers at once when the room is in memory. */
  get(room: RoomUri): HostedRoom | Promise<HostedRoom>;
  /** Whether the room is in memory. */
  has(room: RoomUri): boolean;
  /** Puts the room's newer form in place; called after COMMIT only. */
  put(room: HostedRoom): void;
  /** Forgets this form of the room, which turned out to be an old one, and no newer form. */
  drop(room: HostedRoom): void;
  /** Forgets the room. */
  remove(room: RoomUri): void;
}

export type RoomCacheOptions = PublicContext & {
  readonly database: Database;
  readonly store: DeliveryStore;
  /** Leaves of all rooms, and 26 for each room, beyond which those unused for longest are forgotten. */
  readonly leavesMax: number;
};

export function createRoomCache(options: RoomCacheOptions): RoomCache {
  const { database, store, leavesMax } = options;
  /** In the order of their last use. */
  const rooms = new Map<RoomUri, HostedRoom>();
  const loading = new Map<RoomUri, Promise<HostedRoom>>();
  let leaves = 0;

  function remove(name: RoomUri): void {
    const known = rooms.get(name);
    if (known === undefined) return;
    rooms.delete(name);
    leaves -= weight(known);
  }

  function put(room: HostedRoom): void {
    const known = rooms.get(room.room);
    if (known !== undefined && !isNewer(room, known)) return;
    remove(room.room);
    rooms.set(room.room, room);
    leaves += weight(room);
    for (const name of rooms.keys()) {
      if (leaves <= leavesMax || name === room.room) break;
      remove(name);
    }
  }

  /** FED-1127: where the room is, if it was here. */
  async function notHere(name: RoomUri): Promise<Refusal> {
    const moved = await database.read((tx) => store.movedRoom(tx, name));
    if (moved === undefined) return notHosted();
    const data = { hub: moved.hub, retryAfterMs: 250 };
    return new Refusal("roomMoved", "The room has another hub.", data);
  }

  async function load(name: RoomUri): Promise<HostedRoom> {
    try {
      const stored = await database.read((tx) => store.room(tx, name));
      if (stored === undefined) throw await notHere(name);
      const room = await loadRoom(options, stored);
      put(room);
      return room;
    } finally {
      loading.delete(name);
    }
  }

  return {
    get(name) {
      const known = rooms.get(name);
      if (known !== undefined) {
        rooms.delete(name);
        rooms.set(name, known);
        return known;
      }
      const pending = loading.get(name);
      if (pending !== undefined) return pending;
      const started = load(name);
      loading.set(name, started);
      return started;
    },
    has: (name) => rooms.has(name),
    put,
    drop(room) {
      if (rooms.get(room.room) === room) remove(room.room);
    },
    remove,
  };
}

/** What a room takes beside its leaves, in leaves: 39 KB of heap, where each of them takes 1.5. */
const roomWeight = 26;

function weight(room: HostedRoom): number {
  return roomWeight + room.group.roster.length;
}

function isNewer(room: HostedRoom, known: HostedRoom): boolean {
  return room.id !== known.id || room.revision > known.revision;
}

export function notHosted(): Refusal {
  return new Refusal("unknownRoom", "No such room is hosted here.");
}
