import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { drawFaults, off } from "./faults.ts";
import { SimClient, simPassword } from "./sim-client.ts";
import { SimNetwork } from "./sim-network.ts";
import { SimServer } from "./sim-server.ts";
import { SimWorld } from "./sim-world.ts";

/** What every seed begins with: accounts that know each other, and rooms that all of them are in. */
export type Template = {
  readonly directory: string;
  /** When seeds begin, in virtual time. */
  readonly startsAt: number;
  readonly rooms: Readonly<Record<"small" | "large", string>>;
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
export function scratchFolder(): string {
  const memory = "/dev/shm";
  return mkdtempSync(join(existsSync(memory) ? memory : tmpdir(), "treehouse-sim-"));
}

/** Makes it once for a process, in a world in which nothing goes wrong. */
export async function makeTemplate(): Promise<Template> {
  const directory = scratchFolder();
  const world = new SimWorld(1, drawFaults(1, { ...off, size: "large" }));
  world.calm = true;
  const network = new SimNetwork(world);
  const servers = domains.large.map(
    (domain) => new SimServer(world, network, domain, join(directory, domain)),
  );
  const clients = people.large.map(
    (address) => new SimClient(world, network, address, storePath(directory, address)),
  );
  for (const server of servers) await world.within(server.start(), "a start");
  for (const client of clients) {
    await world.within(client.open({ password: simPassword, register: {} }), "a registration");
  }
  for (const [index, client] of clients.entries()) {
    for (const other of clients.slice(index + 1))
      await world.within(befriend(client, other), "consent");
  }
  const found = async (name: keyof typeof people): Promise<string> => {
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
  return { directory, startsAt: world.now + agedMs, rooms: { small, large } };
}

/** Lays the template's files out for one seed. */
export function layOut(template: Template, size: keyof typeof people): string {
  const directory = scratchFolder();
  for (const domain of domains[size]) {
    const filter = (path: string): boolean => !path.endsWith(".reserve");
    cpSync(join(template.directory, domain), join(directory, domain), { recursive: true, filter });
  }
  for (const address of people[size]) {
    cpSync(storePath(template.directory, address), storePath(directory, address));
  }
  return directory;
}

export function storePath(directory: string, address: string): string {
  mkdirSync(join(directory, "stores"), { recursive: true });
  return join(directory, "stores", `${address}.sqlite`);
}

export function discard(directory: string): void {
  rmSync(directory, { recursive: true, force: true });
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
