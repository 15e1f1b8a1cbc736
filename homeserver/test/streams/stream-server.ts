import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  isRefusalCode,
  mintClientUri,
  mintRoomUri,
  parseDomain,
  Refusal,
  signedHeadCodec,
  userOfClient,
  userUri,
  utf8Decode,
  utf8Encode,
} from "@treehouse/protocol";
import type { Bytes, ClientUri, RoomUri } from "@treehouse/protocol";
import {
  createHttpServer,
  createJobs,
  createNodeEnv,
  openDatabase,
} from "../../src/platform/index.ts";
import type { Database, Session, Tx } from "../../src/platform/index.ts";
import { createQueuing, queuingMigrations } from "../../src/queuing/index.ts";
import type { Queuing, QueuingLimits } from "../../src/queuing/index.ts";
import { createRealtime } from "../../src/realtime/index.ts";
import type { Realtime, Submissions } from "../../src/realtime/index.ts";
import { Device } from "./stream-client.ts";
import { VirtualClock } from "./virtual-clock.ts";

export type StreamServerOptions = {
  readonly limits?: Partial<QueuingLimits>;
  readonly cached?: { readonly clients?: number; readonly streams?: number };
};

/** What survives a restart: the folder, the clock, who has a session, and the rooms' heads. */
type Lasting = {
  readonly folder: string;
  readonly clock: VirtualClock;
  readonly options: StreamServerOptions;
  readonly sessions: Map<string, Session>;
  readonly heads: Map<RoomUri, number>;
  readonly logLines: string[];
  readonly stopped: Set<RoomUri>;
  /** Who is told of a room that is stopped. */
  readonly onStopped: Set<(room: RoomUri) => void>;
};

const domain = parseDomain("example.org");

/** Queuing and realtime behind a real HTTP server; rooms take any octets as entries. */
export class StreamServer implements AsyncDisposable {
  readonly url: string;
  readonly queuing: Queuing;
  readonly realtime: Realtime;
  readonly database: Database;
  readonly #lasting: Lasting;
  readonly #endSession: (session: Session) => void;
  readonly #stop: (graceful: boolean) => Promise<void>;
  readonly #metrics: () => Promise<string>;

  static async open(options: StreamServerOptions = {}): Promise<StreamServer> {
    return start({
      folder: mkdtempSync(join(tmpdir(), "treehouse-streams-")),
      clock: new VirtualClock(),
      options,
      sessions: new Map(),
      heads: new Map(),
      logLines: [],
      stopped: new Set(),
      onStopped: new Set(),
    });
  }

  constructor(
    parts: Pick<StreamServer, "url" | "queuing" | "realtime" | "database">,
    lasting: Lasting,
    endSession: (session: Session) => void,
    stop: (graceful: boolean) => Promise<void>,
    metrics: () => Promise<string>,
  ) {
    this.url = parts.url;
    this.queuing = parts.queuing;
    this.realtime = parts.realtime;
    this.database = parts.database;
    this.#lasting = lasting;
    this.#endSession = endSession;
    this.#stop = stop;
    this.#metrics = metrics;
  }

  get clock(): VirtualClock {
    return this.#lasting.clock;
  }

  get logLines(): readonly string[] {
    return this.#lasting.logLines;
  }

  /** A new client with a session. */
  device(name = "alice"): Device {
    const client = mintClientUri(userUri(domain, name), env.random);
    return this.sessionOf(client);
  }

  /** One more session of a client. */
  sessionOf(client: ClientUri, lifetimeMs = 30 * 86_400_000): Device {
    const token = `token-${this.#lasting.sessions.size + 1}`;
    const expiresAt = this.clock.now() + lifetimeMs;
    const session = { id: token, user: userOfClient(client), client, admin: false, expiresAt };
    this.#lasting.sessions.set(token, session);
    return new Device(this.url, client, token);
  }

  /** The same session against the server as it runs now. */
  again(device: Device): Device {
    return new Device(this.url, device.client, device.token);
  }

  /** The value of a metric without labels. */
  async metric(name: string): Promise<number> {
    const text = await this.#metrics();
    const line = text.split("\n").find((candidate) => candidate.startsWith(`${name} `));
    return Number(line?.slice(name.length + 1));
  }

  endSession(device: Device): void {
    const session = this.#lasting.sessions.get(device.token);
    this.#lasting.sessions.delete(device.token);
    if (session !== undefined) this.#endSession(session);
  }

  room(): RoomUri {
    return mintRoomUri(domain, env.random);
  }

  /** Gives a room its next entry, in a transaction of its own; answers the position. */
  append(room: RoomUri, text: string | Bytes, handshake = false): Promise<number> {
    return this.database.transaction((tx) => this.appendIn(tx, room, text, handshake));
  }

  async appendIn(tx: Tx, room: RoomUri, text: string | Bytes, handshake = false): Promise<number> {
    return appendNext(this.queuing, this.#lasting.heads, tx, room, text, handshake);
  }

  /** The room's hub goes on behind a position with another term, as after a restore. */
  async jump(room: RoomUri, position: number, term = 2, after?: number): Promise<Bytes> {
    const head = someHead(room, position, term);
    const restored = after === undefined ? { head } : { head, after };
    await this.database.transaction((tx) => this.queuing.jumpTo(tx, room, position, restored));
    const { heads } = this.#lasting;
    heads.set(room, Math.max(position, heads.get(room) ?? 0));
    return head;
  }

  /** The room's hub contradicts itself: nothing more comes from it. */
  stop(room: RoomUri): void {
    this.#lasting.stopped.add(room);
    for (const run of this.#lasting.onStopped) run(room);
  }

  /** An operator has looked. */
  goOn(room: RoomUri): void {
    this.#lasting.stopped.delete(room);
  }

  subscribe(device: Device, room: RoomUri, after = 0, awaitsInbox?: number): Promise<void> {
    const { client } = device;
    const wait = awaitsInbox === undefined ? {} : { awaitsInbox };
    return this.database.transaction((tx) =>
      this.queuing.subscribe(tx, { client, room, after, ...wait }),
    );
  }

  /** Appends a last entry for a client and ends its subscription with it. */
  remove(device: Device, room: RoomUri, text: string): Promise<number> {
    return this.database.transaction(async (tx) => {
      const upTo = await this.appendIn(tx, room, text, true);
      await this.queuing.unsubscribe(tx, { client: device.client, room, upTo });
      return upTo;
    });
  }

  welcome(device: Device, room: RoomUri, position = 1): Promise<number> {
    return this.database.transaction((tx) => this.welcomeIn(tx, device, room, position));
  }

  welcomeIn(tx: Tx, device: Device, room: RoomUri, position: number): Promise<number> {
    return this.queuing.deliverWelcome(tx, {
      client: device.client,
      room,
      generation: 0,
      epoch: 1,
      position,
      acceptedAt: this.clock.now(),
      welcome: utf8Encode("welcome"),
      head: someHead(room, position),
    });
  }

  /** Stops as an operator does and starts again on the same data. */
  async restart(): Promise<StreamServer> {
    await this.#stop(true);
    return start(this.#lasting);
  }

  /** Forgets everything that is not on disk, as SIGKILL does, and starts again. */
  async crash(): Promise<StreamServer> {
    await this.#stop(false);
    return start(this.#lasting);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop(true);
    rmSync(this.#lasting.folder, { recursive: true, force: true });
  }
}

const env = createNodeEnv({ log: { level: "silent" } });

async function start(lasting: Lasting): Promise<StreamServer> {
  const { folder, clock, options, sessions, heads, logLines } = lasting;
  const real = createNodeEnv({ log: { level: "debug", write: (line) => logLines.push(line) } });
  const virtual = clock.over(real);
  // What the platform does in the background needs no test's leave to go on.
  const platformEnv = { ...virtual, timer: real.timer };
  const database = openDatabase({
    path: join(folder, "treehouse.sqlite"),
    env: platformEnv,
    migrations: [queuingMigrations],
    reserveBytes: 0,
    onCrash: (error) => {
      throw error;
    },
  });
  const jobs = createJobs(virtual);
  const queuing = await createQueuing({ env: virtual, database, jobs, ...options });
  const listeners: ((ended: Session) => void)[] = [];
  const realtime = createRealtime({
    env: virtual,
    streams: queuing,
    submissions: plainSubmissions(database, queuing, heads),
    stops: {
      rooms: async () => [...lasting.stopped],
      onStopped: (run) => void lasting.onStopped.add(run),
    },
    sessions: { onSessionEnded: (run) => listeners.push(run) },
    stores: { takeStore: () => Promise.reject(new Error("nobody here has a store")) },
  });
  queuing.notify(realtime);
  const http = createHttpServer({
    env: platformEnv,
    authenticate: async (token) => sessions.get(token),
    trustedProxies: new Set(),
    routes: [...queuing.routes, ...realtime.routes],
    upgrades: realtime.upgrades,
    version: "test",
  });
  const url = await http.listen({ host: "127.0.0.1", port: 0 });
  let stopped: Promise<void> | undefined;
  const stop = async (graceful: boolean): Promise<void> => {
    // Without the database nothing of what only memory knows can reach the disk any more.
    if (!graceful) await database.close();
    const gone = realtime.close();
    clock.advance(2_000);
    await gone;
    await http.close();
    await jobs.close();
    if (graceful) await queuing.close();
    await database.close();
  };
  return new StreamServer(
    { url, queuing, realtime, database },
    lasting,
    (session) => {
      for (const run of listeners) run(session);
    },
    (graceful) => (stopped ??= stop(graceful)),
    async () => (await real.metrics.page()).text,
  );
}

/**
 * Takes any octets as a room's next entry and answers its position in decimal. `refuse:<code>` is
 * refused with that code, `fail` fails.
 */
function plainSubmissions(
  database: Database,
  queuing: Queuing,
  heads: Map<RoomUri, number>,
): Submissions {
  const take = async (room: RoomUri, request: Bytes, handshake: boolean): Promise<Bytes> => {
    const text = utf8Decode(request);
    if (text === "fail") throw new Error("the secret reason");
    const code = text.startsWith("refuse:") ? text.slice(7) : "";
    if (isRefusalCode(code)) {
      throw new Refusal(code, "As asked.", { currentEpoch: 7, retryAfterMs: 9 });
    }
    const position = await database.transaction((tx) =>
      appendNext(queuing, heads, tx, room, text, handshake),
    );
    return utf8Encode(String(position));
  };
  return {
    submit: (_, room, request) => take(room, request, false),
    update: (_, room, request) => take(room, request, true),
  };
}

async function appendNext(
  queuing: Queuing,
  heads: Map<RoomUri, number>,
  tx: Tx,
  room: RoomUri,
  text: string | Bytes,
  handshake: boolean,
): Promise<number> {
  const position = (heads.get(room) ?? 0) + 1;
  const bytes = typeof text === "string" ? utf8Encode(text) : text;
  await queuing.append(tx, { room, position, bytes, handshake });
  heads.set(room, position);
  return position;
}

function someHead(room: RoomUri, position: number, term = 1): Bytes {
  const hash = new Uint8Array(32);
  const head = { room, generation: 0, term, position, hash, epoch: 1, treeHash: hash };
  return signedHeadCodec.encode({ head, signature: new Uint8Array(64) });
}
