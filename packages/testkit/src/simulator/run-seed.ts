import { join } from "node:path";
import { scheduleBounds } from "./check-bounds.ts";
import { checkClients } from "./check-clients.ts";
import { checkLogs } from "./check-logs.ts";
import { drawFaults, type Faults } from "./faults.ts";
import { LyingHub } from "./lying-hub.ts";
import { drawRelease, today } from "./releases.ts";
import { heldText, type Scene } from "./scene.ts";
import { settle } from "./settle.ts";
import { SimClient } from "./sim-client.ts";
import { SimNetwork } from "./sim-network.ts";
import { SimServer } from "./sim-server.ts";
import { SimWorld } from "./sim-world.ts";
import { domains, layOut, people, type Stage, storePath, type Templates } from "./template.ts";
import { codeOf, scheduleWorkload } from "./workload.ts";

/** What came out of one seed. Two runs of a seed have the same hash and as many steps. */
export type SeedResult = {
  readonly seed: number;
  readonly faults: Faults;
  readonly violations: readonly string[];
  readonly hash: string;
  readonly steps: number;
  /** From the healing until nobody had anything left to do, in virtual ms. */
  readonly settledMs: number;
  readonly accepted: number;
  readonly refused: number;
  readonly crashes: number;
  readonly probes: ReadonlyMap<string, number>;
  readonly trace: readonly string[];
};

/** Time in which what has settled may still let go of what it holds. */
const drainMs = 5_000;

export async function runSeed(
  templates: Templates,
  seed: number,
  overrides: Partial<Faults> = {},
): Promise<SeedResult> {
  const faults = drawFaults(seed, overrides);
  const template = await templates.of(faults.tier);
  const world = new SimWorld(seed, faults, template.startsAt);
  const stage = layOut(template, faults.size);
  const scene = openScene(world, stage, template.rooms[faults.size]);
  let settledMs = 0;
  try {
    await start(scene);
    scheduleWorkload(scene);
    scheduleBounds(scene);
    await world.scheduler.run(world.now + faults.faultsForMs);
    heal(scene);
    settledMs = await settle(scene);
    await world.scheduler.run(world.now + drainMs);
    // Who says that it was lied to is not waited for, and may have spoken meanwhile.
    settledMs += await settle(scene);
    if (world.violations.length === 0) await checkClients(scene, checkLogs(scene));
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    world.violate("exception", `${codeOf(error)} ${text}`);
  } finally {
    for (const client of scene.clients) client.kill();
    for (const server of scene.servers) server.kill();
    stage.clear();
  }
  return {
    seed,
    faults,
    violations: world.violations,
    hash: world.hash,
    steps: world.scheduler.steps,
    settledMs,
    accepted: scene.sent.filter(({ outcome }) => outcome === "accepted").length,
    refused: scene.sent.filter(({ outcome }) => outcome === "refused").length,
    crashes: [...scene.servers, ...scene.clients].reduce((sum, { crashes }) => sum + crashes, 0),
    probes: world.probes,
    trace: world.trace,
  };
}

function openScene(world: SimWorld, stage: Stage, room: string): Scene {
  const network = new SimNetwork(world);
  const { size } = world.faults;
  const { directory, diskOf } = stage;
  const clients = people[size].map((address) => {
    const place = { path: storePath(directory, address), disk: diskOf(address) };
    return new SimClient({ world, network, address, ...place });
  });
  const { lies, hubLies } = world.faults;
  const victim = lies > 0 || hubLies > 0 ? clients.at(-1) : undefined;
  if (victim !== undefined && lies > 0) network.lieTo(victim.name);
  return {
    world,
    network,
    servers: domains[size].map((name) => {
      const place = { directory: join(directory, name), disk: diskOf(name) };
      return new SimServer({ world, network, name, ...place });
    }),
    clients,
    room,
    sent: [],
    givenUp: new Set(),
    victim,
    told: [],
  };
}

/** Nothing goes wrong before everybody is there. */
async function start(scene: Scene): Promise<void> {
  const { world, servers, clients, sent, givenUp, told } = scene;
  world.calm = true;
  installReleases(scene);
  for (const server of servers) await world.within(server.start(), "a start");
  for (const one of clients) {
    one.onOpen = (client) => {
      for (const known of sent) {
        if (known.by === one.address && known.outcome === "waiting") known.outcome = "unknown";
      }
      const tell = (position: number, text: string): void => {
        world.note(`${one.name} tells of ${position}: ${text}`);
        told.push({ by: one, position, text });
      };
      client.on("fault", ({ code, position, text }) => {
        if (code !== "intentRefused") tell(position, `${code}: ${text}`);
        // Whether one may do more than speak is for others to change meanwhile.
        else if (text.includes("(send)")) givenUp.add(one.address);
      });
      client.on("gap", ({ from, to, reason }) => tell(from, `gap to ${to}: ${reason}`));
      client.on("senderOrder", ({ kind, position }) => tell(position, kind));
      client.on("identityAlarm", ({ kind, address }) => {
        world.violate("fault", `${one.name}: ${kind} of ${address}`);
      });
      client.on("lostByServer", ({ messages, sentAgain }) => {
        world.probe("forgotten told");
        if (!sentAgain) tell(0, heldText);
        if (servers[0]?.wasRestored === true || one.hasSpoiled) return;
        world.violate("fault", `${one.name}: lost ${messages.length}`);
      });
      client.on("loginRequired", ({ reason }) => {
        world.violate("fault", `${one.name}: logged out: ${reason}`);
      });
      for (const name of ["joined", "removed"] as const) {
        client.on(name, () => world.note(`${one.name} ${name}`));
      }
    };
    await world.within(one.open(), "opening");
  }
  await world.scheduler.run(world.now + 500);
  await openLyingHub(scene);
  world.calm = false;
}

function installReleases({ world, network, servers }: Scene): void {
  if (world.faults.upgrades === 0) return;
  const random = world.random("releases");
  for (const { name } of servers) network.releases.run(name, drawRelease(random));
}

/** With the real cryptography nobody can sign for it. */
async function openLyingHub({ world, network, servers, room }: Scene): Promise<void> {
  const { hubLies, tier } = world.faults;
  const [hub, to] = [servers[0], servers.at(-1)];
  const door = network.doorOf(hub?.name ?? "");
  if (hubLies === 0 || tier === "real") return;
  if (hub === undefined || to === undefined || door === undefined) throw new Error("no hub");
  const tables = hub.tables();
  const hubKey = tables.hubKey(room);
  tables.close();
  const opened = LyingHub.open({ world, hub: hub.name, to: to.name, door, hubKey });
  network.lyingHub = await world.within(opened, "a directory");
}

function heal(scene: Scene): void {
  const { world, servers, clients, network, victim } = scene;
  world.note("heal");
  world.calm = true;
  // Nobody can know of the newest entry that it was withheld.
  if (victim !== undefined) network.breakSocket(victim.name);
  for (const host of [...servers, ...clients]) host.skewMs = 0;
  for (const host of [...servers, ...clients]) host.full(false);
  for (const client of clients) client.spoils = false;
  // Whoever operates an earlier one brings it up to date some time.
  for (const server of servers) {
    const { lacks } = network.releases.of(server.name);
    if (lacks.length > 0) world.watch(server.restart(today), `upgrading ${server.name}`);
  }
}
