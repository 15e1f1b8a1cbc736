import {
  type Client,
  type ClientOptions,
  openClient,
  openSqlite,
  type SqlDatabase,
  type SqlTx,
  StoreFault,
} from "@treehouse/client-sdk/embedding";
import { type Host, Life } from "./life.ts";
import { spoilable } from "./hostile.ts";
import { cryptoOf } from "./light-crypto.ts";
import { createLightSeal } from "./light-seal.ts";
import type { MemoryDisk } from "./memory-disk.ts";
import { openMemoryStore } from "./memory-store.ts";
import type { SimNetwork } from "./sim-network.ts";
import { SyncedFiles } from "./synced-files.ts";
import type { SimWorld } from "./sim-world.ts";

/** Next to nothing: no seed looks at what guesses at a password cost. */
const keyStretching = {
  "argon2id-custom": { memory: 8, iterations: 1, parallelism: 1 },
} as const;

export const simPassword = "correct horse battery staple";

type Process = {
  readonly client: Client;
  readonly disk: MemoryDisk;
  readonly life: Life;
  readonly database: SqlDatabase | undefined;
};

/** `joined`, or why it is not in; and up to where it has read. */
export type Standing = { readonly status: string; readonly position: number };

/** Until every server knows that a process is gone. */
const noticedMs = 5_000;

type SimClientOptions = {
  readonly world: SimWorld;
  readonly network: SimNetwork;
  readonly address: string;
  readonly path: string;
  /** In the place of its file. */
  readonly disk?: MemoryDisk | undefined;
};

/** A client over a real store, or a disk in memory, whose process may die and is started again. */
export class SimClient implements Host {
  /** `alice.a.example`. */
  readonly name: string;
  readonly address: string;
  readonly world: SimWorld;
  readonly network: SimNetwork;
  readonly path: string;
  skewMs = 0;
  /** Whether its store is an old one, or a copy: it may lack what it says it lacks. */
  wasPutBack = false;
  /** Whether its commits are garbage to everybody else, and whether some may have been. */
  spoils = false;
  hasSpoiled = false;
  crashes = 0;
  /** Hears of each life, to listen to it. */
  onOpen: (client: Client) => void = () => undefined;
  #disk: MemoryDisk | undefined;
  /** The process whose store was copied, as long as it runs beside that of the copy. */
  #original: Process | undefined;
  readonly #copies: MemoryDisk[] = [];
  #life: Life | undefined;
  #client: Client | undefined;
  #database: SqlDatabase | undefined;
  #stopping = false;
  #full = false;
  readonly #files: SyncedFiles;

  constructor({ world, network, address, path, disk }: SimClientOptions) {
    this.world = world;
    this.network = network;
    this.address = address;
    this.name = address.replace("@", ".");
    this.path = path;
    this.#disk = disk;
    this.#files = new SyncedFiles(path);
  }

  get server(): string {
    return this.address.slice(this.address.indexOf("@") + 1);
  }

  /** The client of the life that is; undefined while its process is down. */
  get client(): Client | undefined {
    return this.#client;
  }

  /** Whether two processes run with copies of its store. */
  get isDoubled(): boolean {
    return this.#original !== undefined;
  }

  async open(more: Partial<ClientOptions> = {}): Promise<void> {
    const life = new Life(this);
    const disk = this.#disk;
    this.#life = life;
    const { env } = life;
    const opening = openClient(
      {
        env,
        crypto: spoilable(cryptoOf(this.world.faults.tier, env.random), () => this.spoils),
        keyStretching,
        ...(this.world.faults.tier === "light" ? { storeSeal: createLightSeal } : {}),
        openStore: async (path) => {
          const database = disk === undefined ? openSqlite(path) : openMemoryStore(disk);
          this.#database = database;
          life.atEnd(() => void database.close());
          return { database: this.#mortal(database, life, disk), key: new Uint8Array(32).fill(7) };
        },
        close: () => Promise.resolve(),
      },
      { account: this.address, server: `http://${this.server}`, store: this.path, ...more },
    );
    try {
      const client = await (more.password === undefined
        ? this.world.scheduler.hold(life.whileItLasts(opening))
        : opening);
      if (!life.alive || client === undefined) return;
      this.#client = client;
      client.on("fault", ({ code }) => {
        if (code === "storeCopied") this.#displaced(life);
      });
      this.world.note(`up ${this.name}`);
      this.onOpen(client);
    } catch (error) {
      if (!life.alive) return;
      if (!this.#full) throw error;
      this.world.probe("no room to open a store");
      life.end();
      this.#comeBack();
    }
  }

  /** Its program makes garbage of its commits for so long. */
  spoil(lengthMs: number): void {
    this.spoils = true;
    this.hasSpoiled = true;
    this.world.note(`${this.name} spoils its commits`);
    this.world.scheduler.timer(lengthMs, () => {
      this.spoils = false;
    });
  }

  crash(): void {
    const life = this.#life;
    if (life?.alive !== true || this.#stopping) return;
    this.crashes += 1;
    this.world.note(`crash ${this.name}`);
    this.#client = undefined;
    life.end();
    if (this.world.random(`power ${this.name}`).chance(this.world.faults.powerLoss)) {
      this.world.probe("power lost by a client");
      this.world.note(`power of ${this.name}`);
      if (this.#disk === undefined) this.#files.rewind();
      else this.#disk.losePower();
    }
    this.#comeBack();
  }

  /** Copies its store, which goes on. */
  backUp(): void {
    if (this.#disk === undefined || this.#disk.acting) return;
    this.#disk.backUp();
    this.world.note(`copy of ${this.name}`);
  }

  /** Somebody puts the copy back, and opens it when the server has noticed that the other one is gone. */
  restore(): void {
    const { world, name } = this;
    const [disk, life] = [this.#disk, this.#life];
    if (disk?.backedUp !== true || this.#stopping || life?.alive !== true) return;
    this.#client = undefined;
    life.end();
    disk.restore();
    world.note(`put back ${name}`);
    world.probe("store put back");
    this.wasPutBack = true;
    this.#comeBack(noticedMs);
  }

  /** Somebody opens a copy of its store beside it: the server lets one of the two go on. */
  copyLive(): void {
    const [client, disk, life, database] = [this.#client, this.#disk, this.#life, this.#database];
    if (client === undefined || disk === undefined || life === undefined) return;
    if (disk.acting || this.isDoubled || this.#stopping) return;
    this.world.note(`second ${this.name}`);
    this.world.probe("store copied");
    this.wasPutBack = true;
    this.#original = { client, disk, life, database };
    this.#client = undefined;
    this.#disk = disk.copy();
    this.#copies.push(this.#disk);
    this.world.watch(this.open(), `opening a copy of ${this.name}`);
  }

  /** Its user closes the one that was told so, and goes on with the other. */
  #displaced(life: Life): void {
    const original = this.#original;
    this.#original = undefined;
    life.end();
    if (life !== this.#life) return;
    this.#client = original?.client;
    if (original === undefined) {
      this.#comeBack();
      return;
    }
    this.world.note(`the first ${this.name} goes on`);
    this.world.probe("copy refused");
    this.#life = original.life;
    this.#disk = original.disk;
    this.#database = original.database;
  }

  #comeBack(afterMs = 0): void {
    const downMs = afterMs + this.world.random(`down ${this.name}`).integer(50, 3_000);
    this.world.scheduler.timer(downMs, () => {
      if (!this.#stopping) this.world.watch(this.open(), `opening ${this.name}`);
    });
  }

  /** Closes as a program does, and opens again. */
  async restart(): Promise<void> {
    const client = this.#client;
    const life = this.#life;
    if (client === undefined || life === undefined) return;
    this.#client = undefined;
    await client.close();
    // It may have died on closing, and is opened again as after any death.
    if (!life.alive) return;
    life.end();
    this.world.note(`closed ${this.name}`);
    if (!this.#stopping) await this.open();
  }

  async close(): Promise<void> {
    this.#stopping = true;
    const client = this.#client;
    this.#client = undefined;
    await client?.close();
    this.#life?.end();
  }

  kill(): void {
    this.#stopping = true;
    this.#client = undefined;
    this.#original?.life.end();
    this.#life?.end();
    for (const copy of this.#copies.splice(0)) copy.close();
  }

  /** Lets the store take nothing, or lets it take something again. */
  full(full: boolean): void {
    this.#full = full;
  }

  /** What is wished and not done, by its kind and status. */
  async openIntents(): Promise<readonly string[]> {
    const sql = "SELECT kind, status FROM intents WHERE status <> 'held' ORDER BY serial";
    const rows = await this.#database?.transaction((tx) => tx.all(sql));
    return (rows ?? []).map(({ kind, status }) => `${String(kind)} ${String(status)}`);
  }

  /** How far it is in a room, as its store has it; undefined where it has never been in. */
  async standing(room: string): Promise<Standing | undefined> {
    const sql = `SELECT status, coalesce((SELECT position FROM cursors WHERE stream = room), 0) AS position
      FROM rooms WHERE room = ? ORDER BY room`;
    const row = await this.#database?.transaction((tx) => tx.all(sql, room)[0]);
    if (row === undefined) return undefined;
    return { status: String(row["status"]), position: Number(row["position"]) };
  }

  #mortal(database: SqlDatabase, life: Life, disk: MemoryDisk | undefined): SqlDatabase {
    const { world } = this;
    const random = world.random(`crash ${this.name}`);
    let wrote = false;
    let underneath: SqlTx | undefined;
    const watched: SqlTx = {
      all: (sql, ...values) => underneath?.all(sql, ...values) ?? [],
      run: (sql, ...values) => {
        if (underneath === undefined) throw new Error("no transaction is open");
        if (this.#full) throw new StoreFault("storeFull", "there is no room left for the store");
        const done = underneath.run(sql, ...values);
        wrote ||= done.changes > 0;
        return done;
      },
    };
    return {
      settle: async () => {
        if (!life.alive) return;
        await database.settle();
        this.#synced(disk);
      },
      transaction: async (run, durability) => {
        if (!life.alive) throw new Error("this process is dead");
        const dies = random.chance(world.faults.clientCrash) && !world.calm;
        const before = random.chance(0.5);
        if (dies && before) this.#dieHere(life, "before a client's COMMIT");
        if (disk === undefined && !this.#files.isTaken) this.#synced(disk);
        if (durability === "soon" && world.faults.powerLoss > 0) disk?.unsynced();
        wrote = false;
        const value = await database.transaction((tx) => {
          underneath = tx;
          return run(watched);
        }, durability);
        // One that only reads brings nothing to the disk.
        if (wrote && durability !== "soon") this.#synced(disk);
        if (dies) this.#dieHere(life, "after a client's COMMIT");
        return value;
      },
      close: async () => {
        if (life.alive) await database.close();
      },
    };
  }

  /** Files are copied in those seeds only that may need the copy. */
  #synced(disk: MemoryDisk | undefined): void {
    if (this.world.faults.powerLoss === 0) return;
    if (disk !== undefined) disk.synced();
    else if (!this.world.calm) this.#files.synced();
  }

  #dieHere(life: Life, where: string): never {
    this.world.probe(`crash ${where}`);
    if (life === this.#life) this.crash();
    else this.#displaced(life);
    throw new Error("the process dies here");
  }
}
