/**
 * Rooms as this client holds them: MLS groups, their streams, and what the user wants done.
 *
 * Each room has one queue of its own (`serial`), one group in memory, and one pump that works
 * through the stored intents. An entry is applied exactly once, in the order of positions.
 */
import {
  type Bytes,
  decodeEntryHeader,
  type InboxEntry,
  Refusal,
  type RoomUri,
  type StreamUri,
  type UserUri,
  firstPrevious,
  isRoomStream,
} from "@treehouse/protocol";

import type { IntentKind, RoomRow } from "../storage/index.ts";
import { createSerial } from "../transport/index.ts";
import { type Applied, applyEntry } from "./apply-entry.ts";
import { encodeUsers } from "./commit-intent.ts";
import type { GroupsContext, Room } from "./context.ts";
import { finishFounding, type NewRoom, prepareRoom } from "./found-room.ts";
import { joinWelcome } from "./join-welcome.ts";
import { loadGroup } from "./load-group.ts";
import { publishKeyPackages } from "./publish-key-packages.ts";
import { pump } from "./pump.ts";
import { decodeDetails, type RoomDetails } from "./room-details.ts";
import { describeRoom, type RoomInfo } from "./room-info.ts";
import { scheduleTidying } from "./tidy-removals.ts";

export type { Applied } from "./apply-entry.ts";
export type { GroupsContext, Link, MessageReader } from "./context.ts";
export type { NewRoom } from "./found-room.ts";
export type { RoomInfo } from "./room-info.ts";
export { parseEvent, type RoomEvent } from "./room-event.ts";

/** When an intent is done. */
export type Done = { readonly position: number; readonly acceptedAt: number };

export interface Groups {
  /** One entry of a room stream. */
  applyRoomEntry(bytes: Uint8Array): Promise<{ room: RoomUri; applied: Applied }>;
  /** One entry of the own inbox; what it brings and the cursor are one transaction. */
  applyInboxEntry(inbox: StreamUri, entry: InboxEntry): Promise<void>;
  /** The stream lost entries for good: reading goes on behind them. */
  skip(stream: StreamUri, to: number): Promise<void>;
  /** The connection is there: finish what was begun, refill KeyPackages, run every pump. */
  resume(): Promise<void>;
  /** Nothing more will be applied to this stream. */
  ended(stream: StreamUri): Promise<boolean>;
  create(wanted: NewRoom): Promise<RoomUri>;
  /** Stores the wish to send; resolves when the hub has accepted it. */
  send(room: RoomUri, content: Bytes): Promise<Done>;
  add(room: RoomUri, users: readonly UserUri[]): Promise<Done>;
  remove(room: RoomUri, users: readonly UserUri[]): Promise<Done>;
  leave(room: RoomUri): Promise<Done>;
  info(room: RoomUri): Promise<RoomInfo>;
  details(row: RoomRow): RoomDetails;
  /**
   * Waits for what is under way. Who still waits for an intent is told `reason`; the intents stay
   * in the store and are taken up again at the next opening.
   */
  stop(reason: Error): Promise<void>;
}

export function createGroups(context: GroupsContext): Groups {
  const rooms = new Map<RoomUri, Room>();
  const open = async (uri: RoomUri): Promise<Room> => {
    const known = rooms.get(uri);
    if (known !== undefined) return known;
    const stored = await context.store.transaction((tx) => tx.cursors.get(uri));
    const cursor = stored ?? { stream: uri, position: 0, hash: firstPrevious };
    const room: Room = rooms.get(uri) ?? emptyRoom(uri, cursor);
    rooms.set(uri, room);
    return room;
  };
  const intend = async (uri: RoomUri, kind: IntentKind, body: Bytes): Promise<Done> => {
    const room = await open(uri);
    const createdAt = context.env.now();
    const serial = await context.store.transaction((tx) => {
      const row = tx.rooms.get(uri);
      if (row === undefined) throw new Refusal("unknownRoom", "there is no such conversation here");
      if (row.status === "removed" || row.status === "left") {
        throw new Refusal("removed", "this client is no longer a member of the conversation");
      }
      return tx.intents.add({ room: uri, kind, createdAt, body });
    });
    const done = new Promise<Done>((resolve, reject) => {
      room.waiters.set(serial, { resolve, reject });
    });
    pump(context, room);
    return done;
  };
  return {
    async applyRoomEntry(bytes) {
      const { room: uri } = decodeEntryHeader(bytes);
      const room = await open(uri);
      const applied = await room.serial.run(() => applyEntry(context, room, bytes));
      scheduleTidying(context, room);
      pump(context, room);
      return { room: uri, applied };
    },
    applyInboxEntry: (inbox, entry) => applyInbox(context, rooms, inbox, entry),
    async skip(stream, to) {
      await context.store.transaction((tx) => {
        tx.cursors.set({ stream, position: to, hash: new Uint8Array() });
      });
      for (const [uri, room] of rooms) {
        if (uri === stream) room.cursor = { stream, position: to, hash: new Uint8Array() };
      }
    },
    async resume() {
      const known = await context.store.transaction((tx) => tx.rooms.list());
      for (const row of known) {
        if (row.status === "founding") await finishFounding(context, row.room);
        if (row.status === "removed") continue;
        const room = await open(row.room);
        if (row.status === "joined") {
          await room.serial.run(() => loadGroup(context, room));
          scheduleTidying(context, room);
        }
        pump(context, room);
      }
      await publishKeyPackages(context);
    },
    async ended(stream) {
      if (!isRoomStream(stream)) return false;
      const room = rooms.get(stream);
      const row = await context.store.transaction((tx) => tx.rooms.get(stream));
      return room?.forked === true || row?.status === "removed";
    },
    async create(wanted) {
      const { room: uri, addIntent } = await prepareRoom(context, wanted);
      await finishFounding(context, uri);
      if (addIntent === undefined) return uri;
      const room = await open(uri);
      const added = new Promise<Done>((resolve, reject) => {
        room.waiters.set(addIntent, { resolve, reject });
      });
      pump(context, room);
      await added;
      return uri;
    },
    send: (room, content) => intend(room, "send", content),
    add: (room, users) => intend(room, "add", encodeUsers(users)),
    remove: (room, users) => intend(room, "remove", encodeUsers(users)),
    leave: (room) => intend(room, "leave", new Uint8Array()),
    async info(uri) {
      const room = await open(uri);
      return room.serial.run(() => describeRoom(context, room));
    },
    details: (row) => decodeDetails(row.details),
    async stop(reason) {
      for (const room of rooms.values()) {
        room.cancelTidying?.();
        await room.pumping;
        await room.serial.idle();
        for (const waiter of room.waiters.values()) waiter.reject(reason);
        room.waiters.clear();
      }
    },
  };
}

/** A Welcome that cannot be used is told and skipped: it must not block the inbox (T-41). */
async function applyInbox(
  context: GroupsContext,
  rooms: Map<RoomUri, Room>,
  inbox: StreamUri,
  entry: InboxEntry,
): Promise<void> {
  const cursor = { stream: inbox, position: entry.position, hash: new Uint8Array() };
  if (entry.kind !== "welcome") {
    await context.store.transaction((tx) => tx.cursors.set(cursor));
    return;
  }
  const { room } = entry.welcome;
  try {
    const write = await joinWelcome(context, entry.welcome, entry.acceptedAt);
    await context.store.transaction((tx) => {
      write(tx);
      tx.cursors.set(cursor);
    });
    rooms.delete(room);
    context.events.emit("joined", { room });
  } catch (error) {
    if (!(error instanceof Refusal) || isPassing(error)) throw error;
    await context.store.transaction((tx) => tx.cursors.set(cursor));
    if (error.code === "roomExists") return;
    const { position } = entry;
    context.events.emit("fault", { room, position, code: "welcomeUnusable", text: error.message });
  }
}

function isPassing(refusal: Refusal): boolean {
  return ["rateLimited", "unavailable", "storageFull", "internal"].includes(refusal.code);
}

function emptyRoom(uri: RoomUri, cursor: Room["cursor"]): Room {
  return {
    uri,
    serial: createSerial(),
    group: undefined,
    cursor,
    pumping: undefined,
    again: false,
    waiters: new Map(),
    cancelTidying: undefined,
    forked: false,
  };
}
