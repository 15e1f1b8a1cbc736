import { rmSync } from "node:fs";
import { join } from "node:path";
import {
  createHomeserver,
  defaultConfig,
  type Homeserver,
  type Machine,
  type OutboundClient,
} from "@treehouse/homeserver";
import { type Domain, type Env, parseDomain } from "@treehouse/protocol";
import { Door } from "./door.ts";
import { type Host, Life } from "./life.ts";
import { cryptoOf } from "./light-crypto.ts";
import type { MemoryDisk } from "./memory-disk.ts";
import { createMemoryEngine } from "./memory-engine.ts";
import { createMortalEngine, type MortalEngine } from "./mortal-engine.ts";
import { Mortality } from "./mortality.ts";
import { Tables } from "./read-logs.ts";
import { today } from "./releases.ts";
import type { SimNetwork } from "./sim-network.ts";
import type { SimWorld } from "./sim-world.ts";

type ServerOptions = {
  readonly world: SimWorld;
  readonly network: SimNetwork;
  /** Its domain. */
  readonly name: string;
  readonly directory: string;
  /** In the place of its database file. */
  readonly disk?: MemoryDisk | undefined;
};

/** A homeserver over real files, or a disk in memory, whose process may die and is started again. */
export class SimServer implements Host {
  readonly name: string;
  readonly domain: Domain;
  readonly world: SimWorld;
  readonly network: SimNetwork;
  readonly directory: string;
  readonly disk: MemoryDisk | undefined;
  skewMs = 0;
  /** Whether its database is an old one: its clients and other servers are told of that. */
  wasRestored = false;
  crashes = 0;
  #life: Life | undefined;
  #homeserver: Homeserver | undefined;
  #engine: MortalEngine | undefined;
  #mortality: Mortality | undefined;
  #stopping = false;

  constructor({ world, network, name, directory, disk }: ServerOptions) {
    this.world = world;
    this.network = network;
    this.name = name;
    this.domain = parseDomain(name);
    this.directory = directory;
    this.disk = disk;
  }

  get isUp(): boolean {
    return this.#homeserver !== undefined;
  }

  /** The modules of the life that is. */
  get homeserver(): Homeserver {
    if (this.#homeserver === undefined) throw new Error(`${this.name} is down`);
    return this.#homeserver;
  }

  get databasePath(): string {
    return join(this.directory, "treehouse.sqlite");
  }

  /** What lies on its disk; to be closed. */
  tables(): Tables {
    return new Tables(this);
  }

  async start(): Promise<void> {
    const life = new Life(this);
    const mortality = new Mortality(this.world, this.name, () => this.crash());
    const engine =
      this.disk === undefined
        ? createMortalEngine(mortality)
        : createMemoryEngine(this.disk, mortality);
    this.#life = life;
    this.#engine = engine;
    this.#mortality = mortality;
    let door: Door | undefined;
    const machine: Machine = {
      engine,
      listener: async (server) => {
        door = new Door(server);
        return `http://${this.domain}`;
      },
      outbound: (env) => outboundOver(env),
      crypto: (random) => cryptoOf(this.world.faults.tier, random),
    };
    // Before anything runs: it may die while it starts.
    life.atEnd(() => {
      door?.shut();
      engine.closeAll();
    });
    const base = defaultConfig();
    const starting = createHomeserver({
      config: {
        ...base,
        server: { ...base.server, domain: this.domain, public_url: `https://${this.domain}` },
        storage: { ...base.storage, directory: this.directory },
        metrics: { ...base.metrics, enabled: false },
        registration: { ...base.registration, mode: "open" },
        limits: {
          registrations_per_address: 10_000,
          key_package_uploads: 10_000,
          claims_per_pair: 10_000,
        },
      },
      env: life.env,
      machine,
      onCrash: (error) => {
        if (!life.alive) return;
        this.world.note(`${this.name} stops: ${String(error)}`);
        this.world.probe("crash-stop");
        this.crash();
      },
    });
    try {
      const homeserver = await this.world.scheduler.hold(life.whileItLasts(starting));
      if (!life.alive || homeserver === undefined) return;
      this.#homeserver = homeserver;
      this.world.note(`up ${this.name}`);
      this.network.door(this.name, door);
    } catch (error) {
      if (life.alive) throw error;
    }
  }

  /** The process is gone at once; it is started again after a while. */
  crash(): void {
    const life = this.#life;
    if (life?.alive !== true || this.#stopping) return;
    this.crashes += 1;
    this.world.note(`crash ${this.name}`);
    this.network.door(this.name, undefined);
    this.#homeserver = undefined;
    life.end();
    if (this.world.random(`power ${this.name}`).chance(this.world.faults.powerLoss)) {
      this.world.probe("power lost by a server");
      this.disk?.losePower();
    }
    const downMs = this.world.random(`down ${this.name}`).integer(50, 3_000);
    this.world.scheduler.timer(downMs, () => {
      if (!this.#stopping) this.world.watch(this.start(), `starting ${this.name}`);
    });
  }

  /** Copies its database, which goes on. */
  backUp(): void {
    if (this.disk === undefined || this.disk.acting) return;
    this.disk.backUp();
    this.world.note(`backup of ${this.name}`);
  }

  /** Somebody puts the copy back, as the restore command does: marked as one, without its counter. */
  restore(): void {
    const { disk, world, name } = this;
    if (disk?.backedUp !== true || this.#stopping) return;
    this.crash();
    disk.restore();
    disk.prepare("UPDATE backup_lives SET copied_at = ?").run(Math.floor(world.now));
    rmSync(join(this.directory, "boot"), { force: true });
    world.note(`restored ${name}`);
    world.probe("server restored");
    this.wasRestored = true;
  }

  /** Stops as an operator stops it, and starts again; with another release, if one is given. */
  async restart(release = this.network.releases.of(this.name)): Promise<void> {
    const [homeserver, life] = [this.#homeserver, this.#life];
    if (homeserver === undefined || life === undefined) {
      this.network.releases.run(this.name, this.world.calm ? today : release);
      return;
    }
    this.#homeserver = undefined;
    this.network.door(this.name, undefined);
    await homeserver[Symbol.asyncDispose]();
    // Whoever has begun before the healing is not to undo it.
    this.network.releases.run(this.name, this.world.calm ? today : release);
    // It may have died on stopping, and is started again as after any death.
    if (!life.alive) return;
    life.end();
    this.world.note(`stopped ${this.name}`);
    if (!this.#stopping) await this.start();
  }

  full(full: boolean): void {
    if (this.isUp) this.#engine?.full(full);
  }

  break(what: "COMMIT" | "statement"): void {
    this.#mortality?.break(what);
  }

  /** For good, and in order: what was accepted is committed. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.network.door(this.name, undefined);
    await this.#homeserver?.[Symbol.asyncDispose]();
    this.#homeserver = undefined;
    this.#life?.end();
  }

  /** For good, and at once. */
  kill(): void {
    this.#stopping = true;
    this.network.door(this.name, undefined);
    this.#homeserver = undefined;
    this.#life?.end();
  }
}

/** HTTP with other servers over the simulated network; all that is signed and pinned is real. */
function outboundOver(env: Env): OutboundClient {
  return {
    send: ({ domain, port }, request) =>
      env.fetch({
        method: request.method,
        url: `http://${domain}:${port}${request.path}`,
        headers: { ...request.headers, host: domain },
        ...(request.body === undefined ? {} : { body: request.body }),
        timeoutMs: request.timeoutMs,
        responseBytesMax: request.answerBytesMax,
      }),
    sweep: () => undefined,
    forget: () => undefined,
    close: () => Promise.resolve(),
  };
}
