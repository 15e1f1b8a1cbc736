import type { Random } from "../random.ts";
import { drawRelease } from "./releases.ts";
import type { Scene, Sent } from "./scene.ts";
import type { SimClient } from "./sim-client.ts";
import type { SimServer } from "./sim-server.ts";

/** Lets everything happen that the seed has drawn, each at its time. */
export function scheduleWorkload(scene: Scene): void {
  scheduleMessages(scene);
  scheduleMembership(scene);
  scheduleSabotage(scene);
  scheduleRestarts(scene);
  scheduleUpgrades(scene);
  scheduleCuts(scene);
  scheduleSlowness(scene);
  scheduleMachineFaults(scene);
}

/** Twenty of these fill the buffer that a server has for one socket. */
const largeText = 55_000;
const largeTextsMax = 40;

function scheduleMessages(scene: Scene): void {
  const { world, clients } = scene;
  const random = world.random("messages");
  const isLarge = world.faults.slowConsumers > 0;
  const padding = isLarge ? largeText : 0;
  const { messages: drawn } = world.faults;
  const messages = isLarge ? Math.min(5 * drawn, largeTextsMax) : drawn;
  for (let index = 0; index < messages; index += 1) {
    const client = pick(random, clients);
    const text = `${client.name} says ${index}${".".repeat(padding)}`;
    at(scene, random, () => void send(scene, client, text));
  }
}

/** Lets a client say something, and notes what becomes of it. */
export async function send(
  { sent, room, world }: Scene,
  client: SimClient,
  text: string,
): Promise<void> {
  const by = client.client;
  if (by === undefined) return;
  const known: Sent = {
    by: client.address,
    text,
    outcome: "waiting",
    position: undefined,
    code: "",
  };
  sent.push(known);
  try {
    const conversation = await by.conversations.get(room);
    const { position } = await conversation.send(text);
    if (client.client !== by) return;
    known.outcome = "accepted";
    known.position = position;
    world.note(`${client.name} has "${text.slice(0, 40)}" accepted at ${position}`);
  } catch (error) {
    if (client.client !== by) return;
    const code = codeOf(error);
    // The wish is stored and goes on.
    if (code === "closed" || code === "interrupted") return;
    known.outcome = "refused";
    known.code = code;
    world.note(`${client.name} has "${text}" refused: ${code}`);
    if (!expectedRefusals.has(code)) world.violate("refusal", `"${text}" was refused: ${code}`);
  }
}

/** What a member may be told because of what another member or the own disk has done meanwhile. */
const expectedRefusals = new Set([
  "removed",
  "notMember",
  "unknownRoom",
  "notAllowed",
  "storeFull",
]);

function scheduleMembership(scene: Scene): void {
  const { world, clients } = scene;
  const random = world.random("membership");
  for (let index = 0; index < world.faults.membershipChanges; index += 1) {
    // Mostly somebody who may, and the same few, so that who was removed is added again.
    const actor = random.chance(0.7) ? clients[0] : pick(random, clients);
    const other = pick(random, clients.slice(-2));
    const kind = random.integer(0, 1);
    const alike = random.chance(0.5) ? pick(random, clients) : undefined;
    if (actor === undefined) continue;
    at(scene, random, () => {
      void change(scene, actor, other, kind);
      // Somebody else has the same idea.
      if (alike !== undefined && alike !== actor && alike !== other) {
        void change(scene, alike, other, kind);
      }
    });
  }
}

async function change(
  { world, room, servers }: Scene,
  actor: SimClient,
  other: SimClient,
  kind: number,
): Promise<void> {
  const by = actor.client;
  if (by === undefined) return;
  const act = actor !== other ? (kind === 0 ? "add" : "remove") : "leave";
  try {
    const conversation = await by.conversations.get(room);
    world.note(`${actor.name} ${act} ${other.name}`);
    if (act === "add") await conversation.add([other.address]);
    else if (act === "remove") await conversation.remove([other.address]);
    else await conversation.leave();
    if (actor.client === by) world.note(`${actor.name} has done: ${act} ${other.name}`);
  } catch (error) {
    if (actor.client !== by) return;
    const code = codeOf(error);
    world.note(`${actor.name} could not ${act} ${other.name}: ${code}`);
    world.probe(`membership ${code}`);
    if (code === "closed" || code === "interrupted" || expectedRefusals.has(code)) return;
    if (transientRefusals.has(code)) return;
    // Nobody takes a commit from one that was void.
    if (code === "suspended" && actor.hasSpoiled) return;
    // A server that was put back gives out nothing of before; its clients bring new ones.
    if (code === "keyPackagesExhausted" && servers.some(({ wasRestored }) => wasRestored)) return;
    world.violate("refusal", `${act} was refused: ${code}`);
  }
}

/** What an act may fail with that is not stored as a wish before it has begun. */
const transientRefusals = new Set([
  "network",
  "unavailable",
  "peerUnreachable",
  "storageFull",
  "internal",
  "conflict",
  "noKeyPackage",
  "notFound",
]);

function scheduleSabotage(scene: Scene): void {
  const { world, clients, room } = scene;
  const random = world.random("sabotage");
  for (let index = 0; index < world.faults.sabotage; index += 1) {
    // Mostly somebody who may commit what they like.
    const one = random.chance(0.7) ? clients[0] : pick(random, clients);
    const lengthMs = random.integer(100, 2_000);
    if (one === undefined) continue;
    at(scene, random, () => {
      one.spoil(lengthMs);
      void rename(one, room, `name ${index}`);
    });
  }
}

/** Whatever comes of it: it is the commit that others have to get along with. */
async function rename(one: SimClient, room: string, name: string): Promise<void> {
  const by = one.client;
  try {
    await (await by?.conversations.get(room))?.rename(name);
  } catch (error) {
    if (one.client === by && !(error instanceof Error && "code" in error)) throw error;
  }
}

function scheduleRestarts(scene: Scene): void {
  const { world, clients, servers } = scene;
  const random = world.random("restarts");
  for (let index = 0; index < world.faults.restarts; index += 1) {
    const host = pick(random, [...clients, ...servers]);
    at(scene, random, () => world.watch(host.restart(), `restarting ${host.name}`));
  }
}

/** They begin with other releases as well, so that what lacks something at first can learn it. */
function scheduleUpgrades(scene: Scene): void {
  const { world, servers } = scene;
  const random = world.random("upgrades");
  for (let index = 0; index < world.faults.upgrades; index += 1) {
    const server = pick(random, servers);
    const release = drawRelease(random);
    at(scene, random, () => world.watch(server.restart(release), `upgrading ${server.name}`));
  }
}

function scheduleCuts(scene: Scene): void {
  const { world, network, clients, servers } = scene;
  const random = world.random("cuts");
  const links = [
    ...clients.map((client) => [client.name, client.server] as const),
    ...servers.flatMap((one) =>
      servers.filter((other) => other !== one).map((other) => [one.name, other.name] as const),
    ),
  ];
  for (let index = 0; index < world.faults.cuts; index += 1) {
    const [from, to] = pick(random, links);
    const oneWay = random.chance(0.4);
    const lengthMs = random.integer(100, 4_000);
    const turn = (by: 1 | -1): void => {
      network.cut(from, to, by);
      if (!oneWay) network.cut(to, from, by);
    };
    at(scene, random, () => {
      world.note(`cut ${from} ${oneWay ? ">" : "-"} ${to}`);
      turn(1);
      world.scheduler.timer(lengthMs, () => turn(-1));
    });
  }
}

function scheduleSlowness(scene: Scene): void {
  const { world, network, clients } = scene;
  const random = world.random("slowness");
  for (let index = 0; index < world.faults.slowConsumers; index += 1) {
    const { name } = pick(random, clients);
    const lengthMs = random.integer(1_000, 5_000);
    at(scene, random, () => {
      world.note(`slow ${name}`);
      network.slow(name, true);
      world.scheduler.timer(lengthMs, () => network.slow(name, false));
    });
  }
}

function scheduleMachineFaults(scene: Scene): void {
  const { world, servers, clients } = scene;
  const disks = world.random("disks");
  for (let index = 0; index < world.faults.fullDisks; index += 1) {
    const host = pick(disks, [...servers, ...clients]);
    const lengthMs = disks.integer(100, 3_000);
    at(scene, disks, () => {
      world.note(`full ${host.name}`);
      host.full(true);
      world.scheduler.timer(lengthMs, () => host.full(false));
    });
  }
  const commits = world.random("commits");
  for (let index = 0; index < world.faults.brokenCommits; index += 1) {
    const server = pick(commits, servers);
    const what = commits.chance(0.5) ? "COMMIT" : "statement";
    at(scene, commits, () => server.break(what));
  }
  scheduleRestores(scene);
  const clocks = world.random("clocks");
  for (let index = 0; index < world.faults.clockJumps; index += 1) {
    const host = pick(clocks, [...servers, ...clients]);
    const skewMs = clocks.integer(-3_600_000, 3_600_000);
    at(scene, clocks, () => {
      world.note(`clock of ${host.name} ${skewMs}`);
      host.skewMs = skewMs;
    });
  }
}

function scheduleRestores(scene: Scene): void {
  const { world, servers, clients } = scene;
  const random = world.random("restores");
  const { restoredHubs, restoredServers, restoredStores, copiedStores, faultsForMs } = world.faults;
  const putBack = (host: SimServer | SimClient): void => {
    const [from, to] = [random.fraction() / 2, (1 + random.fraction()) / 2];
    world.scheduler.timer(from * faultsForMs, () => host.backUp());
    world.scheduler.timer(to * faultsForMs, () => host.restore());
  };
  for (let index = 0; index < restoredHubs; index += 1) putBack(pick(random, servers.slice(0, 1)));
  for (let index = 0; index < restoredServers; index += 1) putBack(pick(random, servers.slice(1)));
  for (let index = 0; index < restoredStores; index += 1) putBack(pick(random, clients));
  for (let index = 0; index < copiedStores; index += 1) {
    const one = pick(random, clients);
    world.scheduler.timer(random.fraction() * faultsForMs, () => one.copyLive());
  }
}

/** What happens at about the same time runs into one another: half of everything is in a burst. */
const bursts = 4;
const burstMs = 250;

function at({ world }: Scene, random: Random, run: () => void): void {
  const { faultsForMs } = world.faults;
  const drawn = random.fraction();
  const [inBurst, burst] = [random.chance(0.5), random.integer(1, bursts)];
  const start = ((burst - 0.5) / bursts) * faultsForMs;
  world.scheduler.timer(inBurst ? start + drawn * burstMs : drawn * faultsForMs, run);
}

function pick<T>(random: Random, from: readonly T[]): T {
  const picked = from[random.integer(0, from.length - 1)];
  if (picked === undefined) throw new Error("there is nothing to pick");
  return picked;
}

export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
