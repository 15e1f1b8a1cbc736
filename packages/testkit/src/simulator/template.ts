import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { drawFaults, type Faults, off, type Tier } from "./faults.ts";
import { MemoryDisk } from "./memory-disk.ts";
import { SimClient, simPassword } from "./sim-client.ts";
import { SimNetwork } from "./sim-network.ts";
import { SimServer } from "./sim-server.ts";
import { SimWorld } from "./sim-world.ts";

/** What every seed of a tier begins with: accounts that know each other, and rooms they are all in. */
export type Template = {
  readonly directory: string;
  /** When seeds begin, in virtual time. */
  readonly startsAt: number;
  readonly rooms: Readonly<Record<Size, string>>;
  /** By domain and address; empty where the files themselves are used. */
  readonly disks: ReadonlyMap<string, MemoryDisk>;
};

type Size = Faults["size"];

/** Where the hosts of one seed have their files. */
export type Stage = {
  readonly directory: string;
  /** Undefined where the files themselves are used. */
  diskOf(name: string): MemoryDisk | undefined;
  clear(): void;
};

export const domains = {
  small: ["a.example", "b.example"],
  large: ["a.example", "b.example", "c.example"],
} as const;

export const people = {
  small: ["alice@a.example", "bob@a.example", "carol@b.example"],
  large: [
    "alice@a.example",
    "bob@a.example",
    "carol@b.example",
    "dave@b.example",
    "erin@c.example",
  ],
} as const;

/**
 * Nobody is certified before their certificate: whose clock goes back behind its own registration
 * makes no commits, by the rules. Clocks jump by an hour at most.
 */
const agedMs = 2 * 3_600_000;

/** A folder in memory where there is one. */
function scratchFolder(): string {
  const memory = "/dev/shm";
  return mkdtempSync(join(existsSync(memory) ? memory : tmpdir(), "treehouse-sim-"));
}

/** The templates of this process, each made when a seed first needs it. */
export class Templates {
  readonly #made = new Map<Tier, Promise<Template>>();

  of(tier: Tier): Promise<Template> {
    const known = this.#made.get(tier);
    if (known !== undefined) return known;
    const made = makeTemplate(tier);
    this.#made.set(tier, made);
    return made;
  }

  async discard(): Promise<void> {
    for (const made of this.#made.values()) {
      const { directory, disks } = await made;
      for (const disk of disks.values()) disk.close();
      rmSync(directory, { recursive: true, force: true });
    }
    this.#made.clear();
  }
}

/** A world in which nothing goes wrong. */
async function makeTemplate(tier: Tier): Promise<Template> {
  const directory = scratchFolder();
  const world = new SimWorld(1, drawFaults(1, { ...off, size: "large", tier }));
  world.calm = true;
  const network = new SimNetwork(world);
  const servers = domains.large.map(
    (name) => new SimServer({ world, network, name, directory: join(directory, name) }),
  );
  const clients = people.large.map(
    (address) => new SimClient({ world, network, address, path: storePath(directory, address) }),
  );
  for (const server of servers) await world.within(server.start(), "a start");
  for (const client of clients) {
    await world.within(client.open({ password: simPassword, register: {} }), "a registration");
  }
  for (const [index, client] of clients.entries()) {
    for (const other of clients.slice(index + 1))
      await world.within(befriend(client, other), "consent");
  }
  const found = async (name: Size): Promise<string> => {
    const [first] = clients;
    const members = people[name].slice(1);
    const room = await first?.client?.conversations.create({ name, members });
    if (room === undefined) throw new Error("nobody founded the room");
    return room.id;
  };
  const small = await world.within(found("small"), "a founding");
  const large = await world.within(found("large"), "a founding");
  await world.scheduler.run(world.now + 30_000);
  for (const client of clients) await world.within(client.close(), "a farewell");
  for (const server of servers) await world.within(server.stop(), "a stop");
  const disks = new Map<string, MemoryDisk>();
  if (tier === "light") {
    for (const { name, databasePath } of servers) disks.set(name, diskFrom(databasePath));
    for (const { address, path } of clients) disks.set(address, diskFrom(path));
  }
  return { directory, startsAt: world.now + agedMs, rooms: { small, large }, disks };
}

function diskFrom(path: string): MemoryDisk {
  const disk = new MemoryDisk(readFileSync(path));
  rmSync(path);
  return disk;
}

/** The one small file that a server writes at each start, beside its database. */
const bootFile = "boot";

/** Lays everything out for one seed. */
export function layOut(template: Template, size: Size): Stage {
  return template.disks.size === 0 ? copied(template, size) : shared(template);
}

/** The same for every seed: what one has written is taken back. */
function shared({ directory, disks }: Template): Stage {
  const boots = domains.large.map((domain) => join(directory, domain, bootFile));
  const contents = boots.map((path) => readFileSync(path));
  return {
    directory,
    diskOf: (name) => disks.get(name),
    clear() {
      for (const disk of disks.values()) disk.rewind();
      for (const [index, path] of boots.entries()) writeFileSync(path, contents[index] ?? "");
    },
  };
}

function copied(template: Template, size: Size): Stage {
  const directory = scratchFolder();
  for (const domain of domains[size]) {
    cpSync(join(template.directory, domain), join(directory, domain), { recursive: true });
  }
  for (const address of people[size]) {
    cpSync(storePath(template.directory, address), storePath(directory, address));
  }
  return {
    directory,
    diskOf: () => undefined,
    clear: () => rmSync(directory, { recursive: true, force: true }),
  };
}

export function storePath(directory: string, address: string): string {
  mkdirSync(join(directory, "stores"), { recursive: true });
  return join(directory, "stores", `${address}.sqlite`);
}

/** Both may add the other then. */
async function befriend(asker: SimClient, asked: SimClient): Promise<void> {
  const [one, other] = [asker.client, asked.client];
  if (one === undefined || other === undefined) throw new Error("they are closed");
  const known = new Promise<void>((resolve) => {
    other.on("contact", ({ address, state }) => {
      if (address === asker.address && state === "incoming") resolve();
    });
  });
  const mutual = new Promise<void>((resolve) => {
    one.on("contact", ({ address, state }) => {
      if (address === asked.address && state === "mutual") resolve();
    });
  });
  await one.contacts.request(asked.address);
  await known;
  await other.contacts.accept(asker.address);
  await mutual;
}
