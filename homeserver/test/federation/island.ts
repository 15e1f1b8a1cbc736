import { decodeEntry, peerRoutes, Refusal, userUri, utf8Decode } from "@treehouse/protocol";
import { movesNothing } from "./linked-server.ts";
import type {
  Bytes,
  ConsentEntry,
  Domain,
  EntryDelivery,
  Env,
  RoomUri,
  SignedHead,
} from "@treehouse/protocol";
import type { World } from "../../../packages/testkit/src/index.ts";
import { createFederation, federationMigrations } from "../../src/federation/index.ts";
import type {
  Federation,
  FollowedRooms,
  HostedRooms,
  InboundConsent,
  Outbox,
  PeerCall,
  Peers,
} from "../../src/federation/index.ts";
import { createJobs, createNodeEnv, openDatabase } from "../../src/platform/index.ts";
import type { Database, ReadTx, Tx } from "../../src/platform/index.ts";
import { answerOf } from "./answer-of.ts";
import type { Channel } from "./channel.ts";
import { Life } from "./guard.ts";
import type { CrashPoint } from "./guard.ts";
import { RoomTables } from "./room-tables.ts";

type Batch = { readonly items: readonly EntryDelivery[]; readonly heads: readonly SignedHead[] };

/** Faults that a test builds in; each may change at any time. */
export type Behaviour = {
  /** Entries may come again, which they do when a stream begins anew. */
  repeats: boolean;
  /** Entries may be left out, which they are when the sender gave them up, or they were rejected. */
  gaps: boolean;
  /** Thrown by the follower's side for entries with this text. */
  poison: Map<string, () => Error>;
  /** Answered for entries with this text. */
  refuse: Map<string, "malformed" | "unknownRoom" | "conflict">;
  /** Comes before a head is read; there is none for a peer of whom nobody is in the room. */
  beforeHead: ((peer: Domain) => Promise<"none" | undefined>) | undefined;
  /** Stands before everything that arrives. */
  intercept: ((call: PeerCall) => Promise<void> | void) | undefined;
  /** Answers in place of the module. */
  instead: ((call: PeerCall) => Bytes | undefined) | undefined;
  /** Stands between an answer and its way back. */
  distort: ((call: PeerCall, answer: Bytes) => Bytes) | undefined;
};

/**
 * One server of a virtual world: the federation module over a real database, and the simplest other
 * side of each of its ports. It can be killed at any moment and started again over the same data.
 */
export class Island {
  readonly domain: Domain;
  readonly tables: RoomTables;
  readonly behaviour: Behaviour = {
    repeats: false,
    gaps: false,
    poison: new Map(),
    refuse: new Map(),
    beforeHead: undefined,
    intercept: undefined,
    instead: undefined,
    distort: undefined,
  };
  /** What must never happen, in words. */
  readonly wrongs: string[] = [];
  /** Lives that ended at a crash point. */
  deaths = 0;
  /** Positions of the tombstones that came. */
  readonly tombstones: number[] = [];
  /** Rooms that the module asked to introduce again. */
  readonly introduced: (RoomUri | undefined)[] = [];
  readonly denied = new Set<Domain>();
  /** Servers whose keys have changed. */
  readonly frozen = new Set<Domain>();
  readonly #world: World;
  readonly #channel: Channel;
  readonly #database: Database;
  readonly #contacts: ((peer: Domain) => void)[] = [];
  readonly #policies: (() => void)[] = [];
  #life = new Life(undefined, () => {});
  #federation: Federation | undefined;
  #restartMs: number | undefined;

  static async open(world: World, channel: Channel, domain: Domain, path = ":memory:") {
    const env = world.env(domain);
    const real = createNodeEnv({ log: { level: "silent" } });
    const database = openDatabase({
      path,
      env: { ...real, soon: env.soon },
      migrations: [federationMigrations],
      reserveBytes: 0,
      onCrash: (error) => {
        throw error;
      },
    });
    const island = new Island(world, channel, domain, database);
    await world.until(island.tables.create());
    return island;
  }

  constructor(world: World, channel: Channel, domain: Domain, database: Database) {
    this.#world = world;
    this.#channel = channel;
    this.domain = domain;
    this.#database = database;
    this.tables = new RoomTables(database);
  }

  get federation(): Federation {
    if (this.#federation === undefined) throw new Error("This server is down.");
    return this.#federation;
  }

  get isUp(): boolean {
    return this.#federation !== undefined;
  }

  get metrics() {
    return this.#world.env(this.domain).metrics;
  }

  /** Transactions that this life has begun. */
  get transactions(): number {
    return this.#life.transactions;
  }

  /** Starts, perhaps to die at some transaction; then it starts again after a while. */
  async start(crash?: CrashPoint, restartMs?: number): Promise<void> {
    if (this.#federation !== undefined) return;
    this.#restartMs = restartMs;
    this.#life = new Life(crash, () => this.#died());
    const life = this.#life;
    const env = life.env<Env>(this.#world.env(this.domain));
    const database = life.database(this.#database);
    const federation = createFederation({
      env,
      database,
      domain: this.domain,
      peers: this.#peers(life),
      hosted: this.#hosted(database),
      followed: this.#followed(),
      consent: this.#consent(),
      localUsers: {
        findFor: async () => undefined,
        listsFor: async () => [],
        countersigners: () => [],
        claim: async () => Promise.reject(new Refusal("unknownUser", "nobody lives here")),
      },
      entries: { entry: async (tx, room, position) => this.tables.entry(tx, room, position) },
      jobs: createJobs(env),
    });
    this.#federation = federation;
    this.#channel.listen(this.domain, (from, call) => life.through(this.#answer(from, call)));
    void federation.start();
  }

  /** SIGKILL: nothing of what runs goes on. */
  kill(): void {
    this.#life.end();
    this.#contacts.length = 0;
    this.#policies.length = 0;
    this.#federation = undefined;
    this.#channel.listen(this.domain, undefined);
  }

  /** Adds a message to a room hosted here, for its followers; or a commit, which brings its head. */
  say(room: RoomUri, text: string, peers: readonly Domain[], commit = false): Promise<number> {
    const { outbox } = this.federation;
    return this.#life.database(this.#database).transaction(async (tx) => {
      const { position, bytes } = this.tables.append(tx, room, text);
      const head = commit ? headOf(room, position) : undefined;
      const entry = { kind: "entry", room, position, bytes, handshake: false } as const;
      const item = head === undefined ? entry : { ...entry, head };
      for (const peer of peers) await outbox.add(tx, peer, item);
      return position;
    });
  }

  /** Tells a peer something about no room. */
  tell(
    peer: Domain,
    note: string,
    operation: ConsentEntry["operation"] = "request",
  ): Promise<void> {
    const { outbox } = this.federation;
    const entry: ConsentEntry = {
      operation,
      requester: userUri(this.domain, "alice"),
      target: userUri(peer, "bob"),
      room: undefined,
      note,
      at: 1,
    };
    return this.#life
      .database(this.#database)
      .transaction((tx) => outbox.add(tx, peer, { kind: "consent", entry }));
  }

  /** Does something in a transaction of this life, perhaps to take it back. */
  federationTransaction<T>(run: (tx: Tx, outbox: Outbox) => Promise<T>): Promise<T> {
    const { outbox } = this.federation;
    return this.#life.database(this.#database).transaction((tx) => run(tx, outbox));
  }

  /** Does something behind the module's back. */
  transaction<T>(run: (tx: Tx) => Promise<T> | T): Promise<T> {
    return this.#database.transaction(run);
  }

  read<T>(run: (tx: ReadTx) => T): Promise<T> {
    return this.#database.read(run);
  }

  /** Has heard of a peer, by an authenticated request. */
  contact(peer: Domain): void {
    for (const run of this.#contacts) run(peer);
  }

  policyChanged(): void {
    for (const run of this.#policies) run();
  }

  async close(): Promise<void> {
    this.kill();
    await this.#database.close();
  }

  #died(): void {
    this.deaths += 1;
    this.kill();
    if (this.#restartMs === undefined) return;
    this.#world.env(this.domain).timer(this.#restartMs, () => void this.start());
  }

  #peers(life: Life): Peers {
    const admit = (peer: Domain): void => {
      if (this.denied.has(peer)) throw new Refusal("peerDenied", "our rules deny it");
      if (this.frozen.has(peer)) throw new Refusal("peerKeyChanged", "nothing vouches for it");
    };
    return {
      post: (peer, call) => {
        admit(peer);
        return life.through(this.#channel.post(this.domain, peer, call));
      },
      admit,
      onContact: (run) => void this.#contacts.push(run),
      onPolicyChange: (run) => void this.#policies.push(run),
    };
  }

  async #answer(from: Domain, call: PeerCall): Promise<Bytes> {
    await this.behaviour.intercept?.(call);
    const other = this.behaviour.instead?.(call);
    if (other !== undefined) return other;
    const found = this.federation.routes.find(({ path }) => path === peerRoutes[call.endpoint]);
    const answered = await answerOf(found, from, call);
    return this.behaviour.distort?.(call, answered) ?? answered;
  }

  #hosted(database: Database): HostedRooms {
    const nothing = async () => Promise.reject(new Refusal("unknownRoom", "no such room"));
    return {
      submit: nothing,
      update: nothing,
      groupInfo: nothing,
      tree: nothing,
      leave: nothing,
      events: nothing,
      standing: nothing,
      ...movesNothing,
      checkFollowedBy: nothing,
      signedHead: async (room, peer) => {
        if ((await this.behaviour.beforeHead?.(peer)) === "none") return undefined;
        return database.read((tx) => headOf(room, this.tables.last(tx, room)?.position ?? 0));
      },
      introduceAgain: async (_, __, room) => void this.introduced.push(room),
    };
  }

  #followed(): FollowedRooms<Batch> {
    return {
      prepare: async (_, batch) => batch,
      receive: async (tx, { items }, index) => {
        const bytes = items[index]?.entry ?? new Uint8Array(0);
        const entry = decodeEntry(bytes);
        const { room, position } = entry;
        const text = entry.kind === "application" ? utf8Decode(entry.message) : entry.kind;
        const last = this.tables.lastReceived(tx, room);
        if (entry.kind === "tombstone") this.tombstones.push(position);
        if (position <= last && this.behaviour.repeats) return {};
        if (position <= last || (position > last + 1 && !this.behaviour.gaps)) {
          this.wrongs.push(`${room}: ${position} after ${last}`);
        }
        const rejected = this.behaviour.refuse.get(text);
        if (rejected !== undefined) return { rejected };
        this.tables.receive(tx, room, position, bytes);
        // After the write, which must be taken back.
        const poison = this.behaviour.poison.get(text);
        if (poison !== undefined) throw poison();
        return {};
      },
      pass: async () => {},
      finish: async (tx, { heads }) => {
        for (const signed of heads) {
          const { room, position } = signed.head;
          const last = this.tables.lastReceived(tx, room);
          if (position > last) this.wrongs.push(`${room}: head ${position} runs ahead of ${last}`);
          this.tables.keepHead(tx, signed);
        }
      },
    };
  }

  #consent(): InboundConsent {
    return {
      consent: async (tx, _, { note }) => {
        this.tables.note(tx, note);
        return {};
      },
      userDeleted: async (tx, _, { user }) => {
        this.tables.note(tx, `deleted ${user}`);
        return {};
      },
      clientRevoked: async (tx, _, { client }) => {
        this.tables.note(tx, `revoked ${client}`);
        return {};
      },
      userReset: async (tx, _, { user }) => {
        this.tables.note(tx, `reset ${user}`);
        return {};
      },
    };
  }
}

function headOf(room: RoomUri, position: number): SignedHead | undefined {
  if (position === 0) return undefined;
  const hash = new Uint8Array(32).fill(position);
  const head = { room, generation: 0, term: 1, position, hash, epoch: 1, treeHash: hash };
  return { head, signature: new Uint8Array(64) };
}
