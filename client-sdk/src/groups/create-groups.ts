/**
 * Each room has one queue of its own (`serial`), one group in memory, and one pump that works
 * through the stored intents. An entry is applied exactly once, in the order of positions.
 */
import {
  type Bytes,
  decodeEntryHeader,
  type InboxEntry,
  isRoomStream,
  Refusal,
  type RoomUri,
  type SafetyNumber,
  type StreamUri,
  type UserUri,
} from "@treehouse/protocol";

import type { Cursor, IntentKind, LocalTx, MessageRow, RoomRow } from "../storage/index.ts";
import {
  type Applied,
  applyContained,
  applyGap,
  entriesOf,
  type RoomGap,
  applyInboxEntry,
  applyInboxGap,
} from "./entries/index.ts";
import {
  speakingVerdict,
  type GroupsContext,
  type Room,
  checkRunning,
  checkKeysAccepted,
  readUpTo,
  firstWelcome,
} from "./room/index.ts";
import { encodeUsers, type NewRoom, prepareRoom } from "./changing/index.ts";
import {
  noteRestored,
  catchUpEvents,
  compareRooms,
  enterRooms,
  refill,
  refreshSelf,
  resumeRooms,
  scheduleTidying,
  missingRooms,
} from "./upkeep/index.ts";
import {
  type DirectRoom,
  listDirectRooms,
  echoes,
  findDirectRoom,
  findStrangers,
  type HistoryPage,
  type HistoryRow,
  readHistory,
  readUnechoed,
  describeRoom,
  type RoomInfo,
  roomSafety,
} from "./views/index.ts";
import { overhear, type Whisper, whisper, type Whispered } from "./ephemeral.ts";
import { createOpenRooms } from "./open-rooms.ts";
import { createJoining, type Joining } from "./joining/index.ts";
import { endWaiting, isStuck } from "./health/index.ts";
import { sendStoredAgain, eraseMessage } from "./saying/index.ts";
import { pump, tellStopped } from "./pump/index.ts";
import { decodeDetails, type RoomDetails, nameRooms } from "./about/index.ts";
import {
  createRoomPolicy,
  type RoomPolicy,
  createRoomLife,
  type Intend,
  type RoomLife,
  createRoomSettings,
  type RoomSettings,
} from "./settings/index.ts";
import { createGenerations, type Generations } from "./generations/index.ts";
import { createHubChanges, type HubChanges } from "./moves/index.ts";
import { createSerial } from "../transport/index.ts";

export type AppliedIn = { readonly room: RoomUri; readonly applied: Applied | "passed" };

/** When an intent is done. */
export type Done = { readonly position: number; readonly acceptedAt: number };

export interface Groups
  extends Generations, HubChanges, RoomLife, RoomPolicy, RoomSettings, Joining {
  /**
   * Entries of room streams that have come already, in order; answers for each what came of it. Behind
   * an `again` nothing is applied.
   */
  applyRoomEntries(list: readonly Bytes[]): Promise<readonly AppliedIn[]>;
  /** One entry of the own inbox; what it brings and the cursor are one transaction. */
  applyInboxEntry(inbox: StreamUri, entry: InboxEntry): Promise<void>;
  /** Positions of a stream will never come: reading goes on behind them, if that can be. */
  applyGap(stream: StreamUri, gap: RoomGap): Promise<void>;
  /** The own server was put back from a backup: it is compared with at the next `resume`. */
  restored(): Promise<void>;
  /**
   * The connection is there: finish what was begun, refill KeyPackages, run every pump. What the
   * server cannot take now is tried again later.
   */
  resume(): Promise<void>;
  /** The own server takes nothing more of a room from its hub. */
  stopped(room: RoomUri): Promise<void>;
  /** This client's leaf identity is another one: new KeyPackages carry it, and its leaf in each room. */
  renewed(): void;
  /** Another client of the user has noted something: names of rooms may be known now. */
  noted(): void;
  /** The session is over, or another copy of the store is in use: whoever waits, or asks, is told so. */
  over(): void;
  displaced(reason: Error): void;
  /** How far the stream of this cursor is read; never behind it. */
  readUpTo(tx: LocalTx, cursor: Cursor): number;
  /** Nothing more will be applied to this stream, or not for long. */
  ended(stream: StreamUri): Promise<boolean>;
  /** The rooms of the user in which this client is not yet, and which it enters by itself. */
  coming(): Promise<readonly RoomUri[]>;
  create(wanted: NewRoom): Promise<RoomUri>;
  /** The conversation with this user alone: the one there is, or a new one. */
  direct(peer: UserUri): Promise<RoomUri>;
  /** Stores the wish to send; resolves when the hub has accepted it. */
  send(room: RoomUri, content: Bytes): Promise<Done>;
  /** Stores the wish to send, and resolves then; it goes out when it can. Nothing where nobody may write. */
  sendLater(room: RoomUri, content: Bytes): Promise<void>;
  /** Sends a stored message of this client once more, under its id; whoever has it drops it. */
  sendAgain(room: RoomUri, messageId: string): Promise<Done>;
  add(room: RoomUri, users: readonly UserUri[], reason?: string): Promise<Done>;
  remove(room: RoomUri, users: readonly UserUri[], reason?: string): Promise<Done>;
  leave(room: RoomUri): Promise<Done>;
  /** Waits until what the hub has taken of this client stands in the store, if that can be. */
  echoes(room: RoomUri): Promise<void>;
  /** Says something that nobody keeps. Never rejects. */
  whisper(room: RoomUri, said: Whisper): Promise<Whispered>;
  /** The direct conversations that this client takes part in. */
  directRooms(): Promise<readonly DirectRoom[]>;
  /** A page of the stored history, ascending. Refuses `notFound` and `malformed`. */
  history(room: RoomUri, page: HistoryPage): Promise<readonly HistoryRow[]>;
  /** What the hub has taken of this client, and the stream has not brought back yet. */
  unechoed(): Promise<readonly HistoryRow[]>;
  info(room: RoomUri): Promise<RoomInfo>;
  /** Of the epoch that this client is in. Refuses `removed`. */
  safetyNumber(room: RoomUri): Promise<SafetyNumber & { readonly epoch: number }>;
  details(row: RoomRow): RoomDetails;
  /** Erases a message whose time is over, with everything that was said to it. */
  expire(tx: LocalTx, message: MessageRow): void;
  /**
   * Waits for what is under way. Who still waits for an intent is told `reason`; the intents stay
   * in the store and are taken up again at the next opening.
   */
  stop(reason: Error): Promise<void>;
}

export function createGroups(context: GroupsContext): Groups {
  const rooms = createOpenRooms(context);
  const refillAgain = context.alarms.create();
  const compareAgain = context.alarms.create();
  const enterAgain = context.alarms.create();
  const refilling = createSerial();
  let stopped: Error | undefined;
  let displaced: Error | undefined;

  /** Waits for an intent that is stored already; its end wakes whoever waits. */
  const done = (room: Room, serial: number): Promise<Done> => {
    const waiting = new Promise<Done>((resolve, reject) => {
      if (stopped === undefined) room.waiters.set(serial, { resolve, reject });
      else reject(stopped);
    });
    pump(context, room);
    return waiting;
  };
  const wish = async (uri: RoomUri, kind: IntentKind, body: Bytes, reason?: string) => {
    if (displaced !== undefined) throw displaced;
    const room = await rooms.open(uri);
    checkRunning(room);
    const createdAt = context.env.now();
    const serial = await context.store.transaction((tx) => {
      const row = tx.rooms.get(uri);
      if (row === undefined) throw new Refusal("unknownRoom", "there is no such conversation here");
      if (row.status === "removed" || row.status === "left") {
        throw new Refusal("removed", "this client is no longer a member of the conversation");
      }
      return tx.intents.add({ room: uri, kind, createdAt, body, reason });
    });
    return { room, serial };
  };
  const intend: Intend = async (uri, kind, body, reason) => {
    const { room, serial } = await wish(uri, kind, body, reason);
    return done(room, serial);
  };
  const create = async (wanted: NewRoom): Promise<RoomUri> => {
    const why = displaced ?? context.over(false);
    if (why !== undefined) throw why;
    await findStrangers(context, wanted.members);
    const { room: uri, addIntent } = await prepareRoom(context, wanted);
    // Where the client was closed meanwhile, it is stored all the same.
    const room = await rooms.open(uri).catch((error: unknown) => Promise.reject(stopped ?? error));
    await done(room, addIntent);
    return uri;
  };
  return {
    async applyRoomEntries(list) {
      const outcomes: AppliedIn[] = [];
      for (let first = list[0]; first !== undefined; first = list[outcomes.length]) {
        const { room: uri, ephemeral } = decodeEntryHeader(first);
        const room = await rooms.open(uri);
        if (ephemeral) {
          const bytes = first;
          await room.serial.run(() => overhear(context, room, bytes));
          outcomes.push({ room: uri, applied: "passed" });
          continue;
        }
        const run = entriesOf(uri, list.slice(outcomes.length));
        const applied = await applyContained(context, room, run);
        if (applied.includes("applied")) room.stopped = false;
        outcomes.push(...applied.map((one) => ({ room: uri, applied: one })));
        scheduleTidying(context, room);
        pump(context, room);
        if (applied.at(-1) === "again") break;
      }
      return outcomes;
    },
    async applyInboxEntry(inbox, entry) {
      const room = await applyInboxEntry(context, inbox, entry, rooms.open);
      if (room !== undefined) pump(context, room);
    },
    async applyGap(stream, gap) {
      if (!isRoomStream(stream)) return applyInboxGap(context, stream, gap);
      const room = await rooms.open(stream);
      await room.serial.run(() => applyGap(context, room, gap));
      pump(context, room);
    },
    async restored() {
      await noteRestored(context);
      await context.store.transaction((tx) => context.accountEvents.missed(tx));
    },
    async resume() {
      await refreshSelf(context);
      await compareRooms(context, rooms, compareAgain);
      await enterRooms(context, rooms, enterAgain);
      await resumeRooms(context, rooms);
      // After a restore nobody can add this client before it has brought new KeyPackages.
      await refilling.run(() => refill(context, refillAgain));
      await catchUpEvents(context);
    },
    async stopped(uri) {
      const row = await context.store.transaction((tx) => tx.rooms.get(uri));
      if (row?.status !== "joined") return;
      const room = await rooms.open(uri);
      await room.serial.run(async () => tellStopped(context, room));
    },
    renewed() {
      if (stopped !== undefined || !context.link.live()) return;
      refilling
        .run(() => refill(context, refillAgain))
        .then(() => resumeRooms(context, rooms))
        .catch((error: unknown) => {
          context.env.log.warn("rooms.notRenewed", { error: String(error) });
        });
    },
    noted() {
      if (stopped !== undefined) return;
      nameRooms(context, rooms).catch((error: unknown) => {
        context.env.log.warn("rooms.notNamed", { error: String(error) });
      });
    },
    over: () => rooms.list().forEach((room) => pump(context, room)),
    displaced(reason) {
      displaced = reason;
      stopped = reason;
      for (const room of rooms.list()) endWaiting(room, reason);
    },
    readUpTo,
    async ended(stream) {
      if (!isRoomStream(stream)) return false;
      const room = await rooms.open(stream);
      const { row, welcome } = await context.store.transaction((tx) => ({
        row: tx.rooms.get(stream),
        welcome: firstWelcome(tx, stream),
      }));
      if (room.forked || room.halt !== undefined || isStuck(room) || room.late?.hubAway === true)
        return true;
      // Nobody can tell when its hub will be there, if ever.
      if (room.lost && room.unreached > 0) return true;
      if (room.lost || welcome !== undefined) return false;
      return row === undefined || row.status === "removed";
    },
    coming: () => missingRooms(context),
    create,
    async direct(peer) {
      const known = await findDirectRoom(context, rooms, peer);
      if (known === undefined) {
        const members = peer === context.self.user ? [] : [peer];
        return create({ name: "", kind: { template: "direct", peer }, members });
      }
      // Who left a pair may be brought back by the other one; who is there is passed over.
      if (peer !== context.self.user) await intend(known, "add", encodeUsers([peer]));
      return known;
    },
    async send(uri, content) {
      const room = await rooms.open(uri);
      await room.serial.run(() => checkKeysAccepted(context, room));
      return intend(uri, "send", content);
    },
    async sendLater(uri, content) {
      if (!(await speakingVerdict(context, await rooms.open(uri))).allowed) return;
      const { room } = await wish(uri, "send", content);
      pump(context, room);
    },
    async sendAgain(uri, messageId) {
      const room = await rooms.open(uri);
      return done(
        room,
        await context.store.transaction((tx) => sendStoredAgain(context, room, tx, messageId)),
      );
    },
    whisper: async (uri, said) => whisper(context, await rooms.open(uri), said),
    directRooms: () => listDirectRooms(context, rooms),
    add: (room, users, reason) => intend(room, "add", encodeUsers(users), reason),
    remove: (room, users, reason) => intend(room, "remove", encodeUsers(users), reason),
    leave: (room) => intend(room, "leave", new Uint8Array()),
    ...createGenerations(context, rooms, (room) => pump(context, room)),
    ...createHubChanges(context, intend),
    ...createRoomSettings(context, rooms, intend),
    ...createRoomLife(context, rooms, intend),
    ...createRoomPolicy(context, rooms, intend),
    ...createJoining(context, rooms, { intend, wake: (room) => pump(context, room) }),
    echoes: (room) => echoes(context, room),
    unechoed: () => context.store.transaction((tx) => readUnechoed(context, tx)),
    history: (room, page) =>
      context.store.transaction((tx) => readHistory(context, tx, room, page)),
    info: async (uri) => describeRoom(context, await rooms.open(uri)),
    safetyNumber: async (uri) => roomSafety(context, await rooms.open(uri)),
    details: (row) => decodeDetails(row.details),
    expire(tx, message) {
      eraseMessage(tx, message, (body) => context.reader.emptied(body), "withdrawn");
      context.lifetimes.erased(tx, message.room, message.messageId);
    },
    async stop(reason) {
      stopped = reason;
      context.alarms.stop();
      for (const room of rooms.list()) {
        await room.pumping;
        await room.serial.idle();
        endWaiting(room, reason);
      }
    },
  };
}
