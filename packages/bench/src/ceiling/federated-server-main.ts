/**
 * The bare ceiling of federation: one of two servers. Sockets, one durable row a message and one in
 * the outbox, signed batches, pushes on both sides. No accounts, no policy, no limits, no
 * idempotency, and no code in common with the servers that it is compared with.
 *
 * Frames in: u32 room, u32 request, payload; the first frame of a socket names its room alone.
 * Frames out: 1, u32 request (accepted); 2, payload (to everybody in the room, on both servers).
 */
import { createHash, createPublicKey, generateKeyPairSync, sign, verify } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";

import Database from "better-sqlite3";
import { Pool } from "undici";
import { type WebSocket, WebSocketServer } from "ws";

type Item = { readonly sequence: number; readonly room: number; readonly body: Buffer };
type Frame = { readonly from: WebSocket; readonly frame: Buffer };
type Batch = { readonly batch: Buffer; readonly answer: (next: number) => void };

const batchItemsMax = 512;
const batchBytesMax = 1024 * 1024;
const inFlightMax = 2;

const database = new Database(join(process.argv[2] ?? ".", "bare.sqlite"));
database.pragma("journal_mode = WAL");
database.pragma("synchronous = FULL");
database.pragma("cache_size = -65536");
database.pragma("wal_autocheckpoint = 4000");
database.exec(
  `CREATE TABLE IF NOT EXISTS entries (id INTEGER PRIMARY KEY, room INTEGER, position INTEGER, body BLOB);
   CREATE UNIQUE INDEX IF NOT EXISTS by_position ON entries (room, position);
   CREATE TABLE IF NOT EXISTS outbox (sequence INTEGER PRIMARY KEY, room INTEGER, position INTEGER);
   CREATE TABLE IF NOT EXISTS inbound (id INTEGER PRIMARY KEY, next INTEGER);
   INSERT OR IGNORE INTO inbound VALUES (1, 1);`,
);
const insert = database.prepare("INSERT INTO entries (room, position, body) VALUES (?, ?, ?)");
const enqueue = database.prepare("INSERT INTO outbox (sequence, room, position) VALUES (?, ?, ?)");
const dequeue = database.prepare("DELETE FROM outbox WHERE sequence < ?");
const advance = database.prepare("UPDATE inbound SET next = ? WHERE id = 1");
const begin = database.prepare("BEGIN IMMEDIATE");
const commit = database.prepare("COMMIT");

const keys = generateKeyPairSync("ed25519");
const rooms = new Map<number, { head: number; readonly sockets: Set<WebSocket> }>();
const streams = new WeakMap<WebSocket, { cork(): void; uncork(): void }>();
let peer: { readonly pool: Pool; readonly key: ReturnType<typeof createPublicKey> } | undefined;
let frames: Frame[] = [];
/** In the order of their sequences; one that has overtaken another waits for it. */
let batches: Batch[] = [];
let armed = false;

/** What the peer has not taken yet, oldest first; `sent` of them are on their way. */
let waiting: Item[] = [];
let sent = 0;
let inFlight = 0;
let sequence = 0;
let taken = 0;
let next = 1;

function turn(): void {
  armed = false;
  const outgoing = new Map<WebSocket, Buffer[]>();
  begin.run();
  if (taken > 0) dequeue.run(taken);
  taken = 0;
  for (const { from, frame } of frames) takeFrame(from, frame, outgoing);
  frames = [];
  const done: Batch[] = [];
  batches.sort((a, b) => a.batch.readUInt32BE(0) - b.batch.readUInt32BE(0));
  for (let first = batches[0]; first !== undefined; first = batches[0]) {
    if (first.batch.readUInt32BE(0) > next) break;
    takeBatch(first.batch, outgoing);
    done.push(first);
    batches.shift();
  }
  commit.run();
  for (const { answer } of done) answer(next);
  for (const [socket, list] of outgoing) write(socket, list);
  pump();
}

function takeFrame(from: WebSocket, frame: Buffer, outgoing: Map<WebSocket, Buffer[]>): void {
  const id = frame.readUInt32BE(0);
  const body = frame.subarray(8);
  const room = roomOf(id);
  room.head += 1;
  insert.run(id, room.head, body);
  sequence += 1;
  enqueue.run(sequence, id, room.head);
  waiting.push({ sequence, room: id, body });
  const accepted = Buffer.allocUnsafe(5);
  accepted[0] = 1;
  frame.copy(accepted, 1, 4, 8);
  append(outgoing, from, accepted);
  push(id, body, outgoing);
}

/** Items: u32 sequence, u32 room, u32 length, octets. */
function takeBatch(batch: Buffer, outgoing: Map<WebSocket, Buffer[]>): void {
  for (let at = 0; at < batch.length;) {
    const length = batch.readUInt32BE(at + 8);
    const id = batch.readUInt32BE(at + 4);
    if (batch.readUInt32BE(at) === next) {
      const body = batch.subarray(at + 12, at + 12 + length);
      const room = roomOf(id);
      room.head += 1;
      insert.run(id, room.head, body);
      next += 1;
      push(id, body, outgoing);
    }
    at += 12 + length;
  }
  advance.run(next);
}

function push(room: number, body: Buffer, outgoing: Map<WebSocket, Buffer[]>): void {
  const pushed = Buffer.allocUnsafe(body.length + 1);
  pushed[0] = 2;
  body.copy(pushed, 1);
  for (const socket of roomOf(room).sockets) append(outgoing, socket, pushed);
}

function append(outgoing: Map<WebSocket, Buffer[]>, socket: WebSocket, frame: Buffer): void {
  const list = outgoing.get(socket);
  if (list === undefined) outgoing.set(socket, [frame]);
  else list.push(frame);
}

function write(socket: WebSocket, list: readonly Buffer[]): void {
  const stream = streams.get(socket);
  stream?.cork();
  for (const frame of list) socket.send(frame);
  stream?.uncork();
}

/** Sends what waits, two batches at a time; what comes meanwhile rides in the next. */
function pump(): void {
  if (peer === undefined) return;
  const { pool } = peer;
  while (inFlight < inFlightMax && sent < waiting.length) {
    const parts: Buffer[] = [];
    let bytes = 0;
    for (const item of waiting.slice(sent, sent + batchItemsMax)) {
      if (parts.length > 0 && bytes + item.body.length > batchBytesMax) break;
      const head = Buffer.allocUnsafe(12);
      head.writeUInt32BE(item.sequence, 0);
      head.writeUInt32BE(item.room, 4);
      head.writeUInt32BE(item.body.length, 8);
      parts.push(head, item.body);
      bytes += 12 + item.body.length;
    }
    sent += parts.length / 2;
    inFlight += 1;
    void post(pool, Buffer.concat(parts));
  }
}

async function post(pool: Pool, body: Buffer): Promise<void> {
  const digest = createHash("sha256").update(body).digest("base64");
  const created = Math.floor(Date.now() / 1000);
  const signature = sign(null, signedText(digest, created), keys.privateKey).toString("base64");
  const response = await pool.request({
    method: "POST",
    path: "/notify",
    headers: { "content-digest": digest, created: String(created), signature },
    body,
  });
  const answer = Buffer.from(await response.body.arrayBuffer());
  if (response.statusCode !== 200) throw new Error(`the peer answered ${response.statusCode}`);
  const upTo = Number(answer.toString());
  inFlight -= 1;
  const first = waiting[0]?.sequence ?? upTo;
  const gone = Math.max(0, upTo - first);
  waiting.splice(0, gone);
  sent -= gone;
  taken = Math.max(taken, upTo);
  pump();
}

function signedText(digest: string, created: number): Buffer {
  return Buffer.from(`"@method": POST\n"@path": /notify\n"content-digest": ${digest}\n${created}`);
}

function receive(request: IncomingMessage, response: ServerResponse): void {
  const parts: Buffer[] = [];
  request.on("data", (part: Buffer) => parts.push(part));
  request.on("end", () => {
    const batch = Buffer.concat(parts);
    const { headers } = request;
    const digest = createHash("sha256").update(batch).digest("base64");
    const text = signedText(digest, Number(headers["created"]));
    const signature = Buffer.from(String(headers["signature"]), "base64");
    if (peer === undefined || !verify(null, text, peer.key, signature)) {
      response.writeHead(401).end();
      return;
    }
    batches.push({ batch, answer: (upTo) => void response.end(String(upTo)) });
    arm();
  });
}

function arm(): void {
  if (armed) return;
  armed = true;
  setImmediate(turn);
}

function roomOf(id: number) {
  let room = rooms.get(id);
  if (room === undefined) {
    room = { head: 0, sockets: new Set() };
    rooms.set(id, room);
  }
  return room;
}

const http = createServer(receive);
const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
http.on("upgrade", (incoming, stream, head) => {
  sockets.handleUpgrade(incoming, stream, head, (socket) => {
    streams.set(socket, stream);
    socket.on("message", (data) => {
      if (!Buffer.isBuffer(data)) return;
      if (data.length === 4) roomOf(data.readUInt32BE(0)).sockets.add(socket);
      else {
        frames.push({ from: socket, frame: data });
        arm();
      }
    });
    socket.on("close", () => {
      for (const room of rooms.values()) room.sockets.delete(socket);
    });
  });
});
http.listen(0, "127.0.0.1", () => {
  const address = http.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const key = keys.publicKey.export({ type: "spki", format: "pem" }).toString();
  process.send?.({ kind: "ready", url: `http://127.0.0.1:${port}`, key });
});

type Told =
  | { readonly kind: "peer"; readonly url: string; readonly key: string }
  | { readonly kind: "collect" | "stop" };

// Whoever measured is gone.
process.on("disconnect", () => process.exit(0));
process.on("message", (message: Told) => {
  if (message.kind === "peer") {
    const pool = new Pool(message.url, { connections: inFlightMax, pipelining: 1 });
    peer = { pool, key: createPublicKey(message.key) };
    process.send?.({ kind: "peered" });
  }
  if (message.kind === "collect") {
    globalThis.gc?.();
    process.send?.({ kind: "collected" });
  }
  if (message.kind === "stop") process.exit(0);
});
