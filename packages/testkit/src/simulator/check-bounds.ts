import type { Tables } from "./read-logs.ts";
import type { Scene } from "./scene.ts";
import type { SimServer } from "./sim-server.ts";

/** How often it is looked. */
const everyMs = 1_000;

/**
 * What one host may have waiting in memory: its retries, keep-alives and jobs. More would be one
 * for each message or each failure.
 */
const timersPerHostMax = 150;
/** Rows of an outbox for each entry and each other server; a head and a receipt go beside it. */
const outboxRowsPerEntry = 3;

/** What is kept stays within its bounds at all times, not only when all has come to rest (I13). */
export function scheduleBounds(scene: Scene): void {
  const { world, servers, room } = scene;
  const atFirst = new Map(servers.map((server) => [server, keptBy(server, room)]));
  const look = (): void => {
    checkTimers(scene);
    for (const [server, first] of atFirst) if (server.isUp) checkServer(scene, server, first);
    world.scheduler.timer(everyMs, look);
  };
  world.scheduler.timer(everyMs, look);
}

/** A follower that knows the new term of a hub takes nothing more of the one before it. */
const staleCode = "staleTerm";

type Kept = ReturnType<Tables["sizes"]> & { readonly head: number };

function keptBy(server: SimServer, room: string): Kept {
  const tables = server.tables();
  const kept = { ...tables.sizes(staleCode), head: tables.head(room) };
  tables.close();
  return kept;
}

function checkTimers({ world, servers, clients }: Scene): void {
  const { waiting } = world.scheduler;
  const most = timersPerHostMax * (servers.length + clients.length);
  if (waiting > most) world.violate("I13", `${waiting} timers are waiting`);
}

function checkServer(
  { world, network, servers, room }: Scene,
  server: SimServer,
  first: Kept,
): void {
  const { entries, outbox, requests, rejected, head } = keptBy(server, room);
  const outboxMax = outboxRowsPerEntry * entries * (servers.length - 1);
  if (outbox > outboxMax) world.violate("I13", `${server.name} has ${outbox} to send`);
  // One answer is kept for each accepted request, and each of those is an entry.
  const answers = requests - first.requests;
  if (answers > head - first.head) world.violate("I13", `${server.name} keeps ${answers} answers`);
  // What its hub lies about it does not take.
  const isLiedTo = network.lyingHub?.to === server.name;
  if (rejected > 0 && !isLiedTo)
    world.violate("I7", `${server.name} has rejected ${rejected} items`);
}
