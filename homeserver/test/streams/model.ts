import assert from "node:assert/strict";
import type { RoomUri } from "@treehouse/protocol";
import { decodeText } from "./reading.ts";
import type { Device, Socket } from "./stream-client.ts";
import type { StreamServer } from "./stream-server.ts";

/** What one client should be able to read of one room: positions after `after` up to `upTo`. */
type Stretch = { readonly after: number; upTo: number };

/** A connection, and what its client had acknowledged when it began. */
type Connected = {
  readonly socket: Socket;
  readonly acked: ReadonlyMap<number, number>;
  readonly withCursors: boolean;
};

type Reader = {
  device: Device;
  readonly stretches: Map<number, Stretch[]>;
  /** Durable on the client's side: it never acknowledges what it has not received. */
  readonly acked: Map<number, number>;
  ackedInbox: number;
  readonly seen: Map<number, Set<number>>;
  connected: Connected | undefined;
  readonly past: Connected[];
};

export type Step =
  | { readonly kind: "append"; readonly room: number; readonly count: number }
  | { readonly kind: "join" | "welcome" | "remove"; readonly who: number; readonly room: number }
  | { readonly kind: "connect"; readonly who: number; readonly withCursors: boolean }
  | { readonly kind: "disconnect" | "acknowledgeInbox"; readonly who: number }
  | {
      readonly kind: "acknowledge";
      readonly who: number;
      readonly room: number;
      readonly share: number;
      readonly overHttp: boolean;
    }
  | { readonly kind: "flush" | "crash" | "restart" };

/** Drives a server and keeps beside it, in plain lists, what everybody should have received. */
export class StreamModel {
  server: StreamServer;
  readonly #rooms: readonly RoomUri[];
  readonly #heads: number[];
  readonly #readers: readonly Reader[];

  constructor(server: StreamServer, sizes: { readonly rooms: number; readonly readers: number }) {
    this.server = server;
    this.#rooms = Array.from({ length: sizes.rooms }, () => server.room());
    this.#heads = this.#rooms.map(() => 0);
    this.#readers = Array.from({ length: sizes.readers }, (_, index) => ({
      device: server.device(`reader${index}`),
      stretches: new Map(),
      acked: new Map(),
      ackedInbox: 0,
      seen: new Map(),
      connected: undefined,
      past: [],
    }));
  }

  /** How many entries arrived, on all connections together. */
  get received(): number {
    return this.#readers
      .flatMap(({ past }) => past)
      .reduce((sum, { socket }) => sum + socket.entries().length, 0);
  }

  async perform(step: Step): Promise<void> {
    switch (step.kind) {
      case "append":
        await Promise.all(Array.from({ length: step.count }, () => this.#append(step.room)));
        return;
      case "join":
      case "welcome":
      case "remove":
        await this.#member(step.kind, this.#reader(step.who), step.room);
        return;
      case "connect":
        await this.#connect(this.#reader(step.who), step.withCursors);
        return;
      case "disconnect":
        await this.#reader(step.who).connected?.socket.close();
        this.#part(this.#reader(step.who));
        return;
      case "acknowledgeInbox":
        await this.#acknowledgeInbox(this.#reader(step.who));
        return;
      case "acknowledge":
        await this.#acknowledge(this.#reader(step.who), step);
        return;
      case "flush":
        await this.server.queuing.flush();
        return;
      case "crash":
      case "restart":
        await this.#startAgain(step.kind);
    }
  }

  /** Everybody is in every room and connected: most of what can go wrong begins there. */
  async begin(): Promise<void> {
    for (const [who] of this.#readers.entries()) {
      await this.perform({ kind: "connect", who, withCursors: false });
      for (const [room] of this.#rooms.entries()) await this.perform({ kind: "join", who, room });
    }
  }

  /** Everybody connects and reads to the end; then each has had everything, and nothing else. */
  async finish(): Promise<void> {
    for (const reader of this.#readers) {
      if (reader.connected === undefined) await this.#connect(reader, true);
      const socket = reader.connected?.socket;
      await socket?.caughtUp();
      await this.#acknowledgeInbox(reader);
      for (const [room, stretches] of reader.stretches) {
        const last = lastOf(stretches, this.#heads[room] ?? 0);
        const acked = reader.acked.get(room) ?? 0;
        await socket?.until(() => {
          this.#look(reader);
          return acked >= last || reader.seen.get(room)?.has(last) === true;
        });
      }
      this.#part(reader);
      await socket?.close();
      this.#check(reader);
    }
  }

  #check(reader: Reader): void {
    for (const [room, seen] of reader.seen) {
      const allowed = allowedOf(reader.stretches.get(room) ?? [], this.#heads[room] ?? 0);
      const sorted = [...seen].toSorted((a, b) => a - b);
      assert.deepEqual(sorted, allowed, "all that is allowed and no more");
    }
    for (const connection of reader.past) {
      for (const [room, positions] of positionsOf(connection.socket)) {
        const allowed = allowedOf(reader.stretches.get(room) ?? [], this.#heads[room] ?? 0);
        const [first = 0] = positions;
        const last = positions.at(-1) ?? 0;
        const run = allowed.filter((position) => position >= first && position <= last);
        assert.deepEqual(positions, run, "in order, without a hole, each once");
        const acked = connection.acked.get(room) ?? 0;
        const skipped = allowed.filter((position) => position > acked && position < first);
        assert.deepEqual(skipped, [], "begins where the client stands");
        if (connection.withCursors) assert(first > acked, "only what it does not have");
      }
    }
  }

  #reader(index: number): Reader {
    const reader = this.#readers[index % this.#readers.length];
    if (reader === undefined) throw new Error("There is no reader.");
    return reader;
  }

  async #append(room: number): Promise<void> {
    const uri = this.#room(room);
    // The text says the position, so that what arrives can be told apart.
    this.#heads[room] = await this.server.database.transaction(async (tx) => {
      const position = (this.#heads[room] ?? 0) + 1;
      this.#heads[room] = position;
      return this.server.appendIn(tx, uri, `${room}:${position}`);
    });
  }

  #room(index: number): RoomUri {
    const room = this.#rooms[index];
    if (room === undefined) throw new Error("There is no such room.");
    return room;
  }

  async #member(kind: "join" | "welcome" | "remove", reader: Reader, room: number): Promise<void> {
    const uri = this.#room(room);
    const stretches = reader.stretches.get(room) ?? [];
    const open = stretches.find(({ upTo }) => upTo === Number.POSITIVE_INFINITY);
    if ((open === undefined) === (kind === "remove")) return;
    await this.server.database.transaction(async (tx) => {
      const position = (this.#heads[room] ?? 0) + 1;
      this.#heads[room] = position;
      await this.server.appendIn(tx, uri, `${room}:${position}`, true);
      const { client } = reader.device;
      if (open !== undefined) {
        open.upTo = position;
        await this.server.queuing.unsubscribe(tx, { client, room: uri, upTo: position });
        return;
      }
      reader.stretches.set(room, [
        ...stretches,
        { after: position, upTo: Number.POSITIVE_INFINITY },
      ]);
      if (!reader.seen.has(room)) reader.seen.set(room, new Set());
      const subscription = { client, room: uri, after: position };
      if (kind === "join") {
        await this.server.queuing.subscribe(tx, subscription);
        return;
      }
      const awaitsInbox = await this.server.welcomeIn(tx, reader.device, uri, position);
      await this.server.queuing.subscribe(tx, { ...subscription, awaitsInbox });
    });
  }

  async #connect(reader: Reader, withCursors: boolean): Promise<void> {
    const cursors = [...reader.acked].map(([room, position]) => ({
      stream: this.#room(room),
      position,
    }));
    const inbox = { stream: reader.device.client, position: reader.ackedInbox };
    const { incarnation } = this.server.queuing;
    const acked = new Map(reader.acked);
    const socket = withCursors
      ? await reader.device.connect([inbox, ...cursors], incarnation)
      : await reader.device.connect();
    this.#part(reader);
    reader.connected = { socket, acked, withCursors };
  }

  /** A connection is over; what it received counts. */
  #part(reader: Reader): void {
    if (reader.connected === undefined) return;
    this.#look(reader);
    reader.past.push(reader.connected);
    reader.connected = undefined;
  }

  #look(reader: Reader): void {
    if (reader.connected === undefined) return;
    for (const [room, positions] of positionsOf(reader.connected.socket)) {
      const seen = reader.seen.get(room) ?? new Set();
      for (const position of positions) seen.add(position);
      reader.seen.set(room, seen);
    }
  }

  async #acknowledge(
    reader: Reader,
    { room, share, overHttp }: Extract<Step, { kind: "acknowledge" }>,
  ): Promise<void> {
    this.#look(reader);
    const acked = reader.acked.get(room) ?? 0;
    // Only what it has without a hole: later entries may have come before a crash took others.
    const allowed = allowedOf(reader.stretches.get(room) ?? [], this.#heads[room] ?? 0);
    const missing = allowed.find(
      (position) => position > acked && reader.seen.get(room)?.has(position) !== true,
    );
    const having = allowed.filter((position) => position < (missing ?? Number.POSITIVE_INFINITY));
    const position = having[Math.floor(share * (having.length - 1))] ?? 0;
    if (position <= acked) return;
    reader.acked.set(room, position);
    await this.#send(reader, { stream: this.#room(room), position }, overHttp);
  }

  /** Also what was acknowledged before: a crash may have lost that, and the entry comes again. */
  async #acknowledgeInbox(reader: Reader): Promise<void> {
    const position = await this.#inboxHead(reader);
    reader.ackedInbox = position;
    await this.#send(reader, { stream: reader.device.client, position }, false);
  }

  async #inboxHead(reader: Reader): Promise<number> {
    const { subscriptions } = await reader.device.subscriptions();
    return subscriptions[0]?.head ?? 0;
  }

  async #send(
    reader: Reader,
    cursor: { stream: RoomUri | Device["client"]; position: number },
    overHttp: boolean,
  ): Promise<void> {
    const { connected, device } = reader;
    if (connected !== undefined && !overHttp) {
      connected.socket.send({ type: "acknowledge", cursors: [cursor] });
      return;
    }
    assert.equal(await device.acknowledge([cursor]), undefined);
  }

  async #startAgain(kind: "crash" | "restart"): Promise<void> {
    this.server = await this.server[kind]();
    for (const reader of this.#readers) {
      await reader.connected?.socket.ended;
      this.#part(reader);
      reader.device = this.server.again(reader.device);
    }
  }
}

function allowedOf(stretches: readonly Stretch[], head: number): readonly number[] {
  return Array.from({ length: head }, (_, index) => index + 1).filter((position) =>
    stretches.some(({ after, upTo }) => position > after && position <= upTo),
  );
}

function lastOf(stretches: readonly Stretch[], head: number): number {
  return allowedOf(stretches, head).at(-1) ?? 0;
}

function positionsOf(socket: Socket): ReadonlyMap<number, readonly number[]> {
  const positions = new Map<number, number[]>();
  for (const entry of socket.entries()) {
    const [room = 0, position = 0] = decodeText(entry).split(":").map(Number);
    positions.set(room, [...(positions.get(room) ?? []), position]);
  }
  return positions;
}
