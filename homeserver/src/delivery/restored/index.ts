/**
 * What becomes of the rooms hosted here after the server was restored from a backup. Until a room
 * is settled nothing is taken for it.
 */
import { LIMITS, Refusal } from "@treehouse/protocol";
import type { Cancel, RoomUri } from "@treehouse/protocol";
import { errorFields } from "../../platform/index.ts";
import type { Operations } from "../operations.ts";
import { createFollowers } from "./followers.ts";
import { settleRoom } from "./settle-room.ts";
import type { RestoredContext } from "./settle-room.ts";

export interface RestoredRooms {
  isUnsettled(room: RoomUri): boolean;
  /** Refuses `unavailable` while the room is not settled. */
  refuseUnsettled(room: RoomUri): void;
  /** Reads which rooms are to be settled, and begins. */
  start(): Promise<void>;
  close(): Promise<void>;
}

const againMs = 2_000;
/** Rooms that are settled at the same time: most of it is waiting for followers. */
const roomsAtOnce = 16;

export function createRestoredRooms(context: RestoredContext): RestoredRooms {
  const { env, database, store } = context;
  const unsettled = new Set<RoomUri>();
  const followers = createFollowers(context);
  let running: Promise<void> = Promise.resolve();
  let cancel: Cancel | undefined;
  let until = 0;

  async function settle(): Promise<void> {
    // In the end whoever was away the last time is not waited for again.
    if (!isLast()) followers.tryAgain();
    const rooms = [...unsettled].values();
    const lane = async (): Promise<void> => {
      for (const room of rooms) await settleOne(room);
    };
    await Promise.all(Array.from({ length: roomsAtOnce }, lane));
    if (unsettled.size === 0 || followers.isClosed) return;
    cancel = env.timer(againMs, () => {
      running = settle();
    });
  }

  const isLast = (): boolean => env.monotonic() >= until;

  async function settleOne(room: RoomUri): Promise<void> {
    if (followers.isClosed) return;
    try {
      const unasked = await settleRoom(context, room, { last: isLast(), followers });
      if (unasked.length === 0) unsettled.delete(room);
    } catch (error) {
      if (error instanceof Refusal && error.code === "unknownRoom") unsettled.delete(room);
      else env.log.error("roomNotSettled", { room, ...errorFields(error) });
    }
  }

  return {
    isUnsettled: (room) => unsettled.has(room),
    refuseUnsettled(room) {
      if (!unsettled.has(room)) return;
      throw new Refusal("unavailable", "The server was restored; this room is being settled.", {
        retryAfterMs: againMs,
      });
    },
    async start() {
      for (const room of await database.read((tx) => store.restoredRooms(tx))) unsettled.add(room);
      if (unsettled.size === 0) return;
      env.log.warn("restored", { count: unsettled.size });
      until = env.monotonic() + LIMITS.restoreAdoptMs;
      running = settle();
    },
    async close() {
      followers.close();
      cancel?.();
      await running;
    },
  };
}

/** The operations on rooms hosted here, but for those that are not settled. */
export function unlessUnsettled(
  rooms: { refuseUnsettled(room: RoomUri, request?: Uint8Array): void },
  hosted: Operations,
): Operations {
  return {
    reserve: (caller, template) => hosted.reserve(caller, template),
    found: (caller, room, request) => hosted.found(caller, room, request),
    rooms: (caller) => hosted.rooms(caller),
    hubOffer: (caller, room, hub) => hosted.hubOffer(caller, room, hub),
    async submit(caller, room, request) {
      rooms.refuseUnsettled(room);
      return hosted.submit(caller, room, request);
    },
    async update(caller, room, request) {
      rooms.refuseUnsettled(room, request);
      return hosted.update(caller, room, request);
    },
    async groupInfo(caller, room, request) {
      rooms.refuseUnsettled(room);
      return hosted.groupInfo(caller, room, request);
    },
    async tree(caller, room, epoch) {
      rooms.refuseUnsettled(room);
      return hosted.tree(caller, room, epoch);
    },
    async leave(caller, room, leaver) {
      rooms.refuseUnsettled(room);
      return hosted.leave(caller, room, leaver);
    },
  };
}
