/**
 * The bare ceiling: sockets, one durable row a message, pushes. No accounts, no policy, no limits,
 * no idempotency, and no code in common with the server that it is compared with.
 *
 * Frames in: u32 room, u32 request, payload; the first frame of a socket names its room alone.
 * Frames out: 1, u32 request (accepted); 2, payload (to everybody in the room).
 */
import { createServer } from "node:http";
import { join } from "node:path";

import Database from "better-sqlite3";
import { type WebSocket, WebSocketServer } from "ws";

type Work = { readonly from: WebSocket; readonly frame: Buffer };

const database = new Database(join(process.argv[2] ?? ".", "bare.sqlite"));
database.pragma("journal_mode = WAL");
database.pragma("synchronous = FULL");
database.pragma("cache_size = -65536");
database.pragma("wal_autocheckpoint = 4000");
database.exec(
  `CREATE TABLE IF NOT EXISTS entries (id INTEGER PRIMARY KEY, room INTEGER, position INTEGER, body BLOB);
   CREATE UNIQUE INDEX IF NOT EXISTS by_position ON entries (room, position);`,
);
const insert = database.prepare("INSERT INTO entries (room, position, body) VALUES (?, ?, ?)");
const begin = database.prepare("BEGIN IMMEDIATE");
const commit = database.prepare("COMMIT");
const rooms = new Map<number, { head: number; readonly sockets: Set<WebSocket> }>();
let queue: Work[] = [];
let armed = false;

function turn(): void {
  armed = false;
  const work = queue;
  queue = [];
  begin.run();
  for (const { frame } of work) {
    const room = roomOf(frame.readUInt32BE(0));
    room.head += 1;
    insert.run(frame.readUInt32BE(0), room.head, frame.subarray(8));
  }
  commit.run();
  const outgoing = new Map<WebSocket, Buffer[]>();
  for (const { from, frame } of work) {
    const accepted = Buffer.allocUnsafe(5);
    accepted[0] = 1;
    frame.copy(accepted, 1, 4, 8);
    append(outgoing, from, accepted);
    const pushed = Buffer.allocUnsafe(frame.length - 7);
    pushed[0] = 2;
    frame.copy(pushed, 1, 8);
    for (const socket of roomOf(frame.readUInt32BE(0)).sockets) append(outgoing, socket, pushed);
  }
  for (const [socket, frames] of outgoing) write(socket, frames);
}

function append(outgoing: Map<WebSocket, Buffer[]>, socket: WebSocket, frame: Buffer): void {
  const list = outgoing.get(socket);
  if (list === undefined) outgoing.set(socket, [frame]);
  else list.push(frame);
}

function write(socket: WebSocket, frames: readonly Buffer[]): void {
  const stream = streams.get(socket);
  stream?.cork();
  for (const frame of frames) socket.send(frame);
  stream?.uncork();
}

function roomOf(id: number) {
  let room = rooms.get(id);
  if (room === undefined) {
    room = { head: 0, sockets: new Set() };
    rooms.set(id, room);
  }
  return room;
}

const streams = new WeakMap<WebSocket, { cork(): void; uncork(): void }>();
const http = createServer();
const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
http.on("upgrade", (incoming, stream, head) => {
  sockets.handleUpgrade(incoming, stream, head, (socket) => {
    streams.set(socket, stream);
    socket.on("message", (data) => {
      if (!Buffer.isBuffer(data)) return;
      if (data.length === 4) {
        roomOf(data.readUInt32BE(0)).sockets.add(socket);
        return;
      }
      queue.push({ from: socket, frame: data });
      if (armed) return;
      armed = true;
      setImmediate(turn);
    });
    socket.on("close", () => {
      for (const room of rooms.values()) room.sockets.delete(socket);
    });
  });
});
http.listen(0, "127.0.0.1", () => {
  const address = http.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  process.send?.({ kind: "ready", url: `http://127.0.0.1:${port}` });
});
// Whoever measured is gone.
process.on("disconnect", () => process.exit(0));
process.on("message", (message: { readonly kind: string }) => {
  if (message.kind === "collect") {
    globalThis.gc?.();
    process.send?.({ kind: "collected" });
  }
  if (message.kind === "stop") process.exit(0);
});
