import { LIMITS } from "@treehouse/protocol";
import { isLieKnown, mayMissBySabotage, mayStayIn, type Scene } from "./scene.ts";

/** After everything is healed all must be done within so long: the longest retry is a minute. */
const settledWithinMs = 120_000;
/** Whose commit was void may be the only one left who could commit, and has to wait so long (FED-1105). */
const suspendedMs = LIMITS.suspensionMs;
const lookEveryMs = 500;

/**
 * Lets time pass until nobody has anything left to do: every wish done, every log read to its end,
 * every outbox empty. What is still missing after the bound is a violation.
 */
export async function settle(scene: Scene): Promise<number> {
  const { world } = scene;
  const from = world.now;
  const hasSpoiled = scene.clients.some((client) => client.hasSpoiled);
  const withinMs = settledWithinMs + (hasSpoiled ? suspendedMs : 0);
  let missing: readonly string[] = [];
  while (world.now - from < withinMs) {
    await world.scheduler.run(world.now + lookEveryMs);
    missing = await whatIsMissing(scene);
    if (missing.length === 0) return world.now - from;
  }
  for (const text of missing) world.violate("liveness", text);
  return world.now - from;
}

/** What is cheap to look at comes first: most looks end there. */
async function whatIsMissing(scene: Scene): Promise<readonly string[]> {
  const { servers, room, victim } = scene;
  // Who was lied to and says so waits for its user to look.
  const knows = isLieKnown(scene);
  const clients = scene.clients.filter((client) => client !== victim || !knows);
  const down = [
    ...servers.filter(({ isUp }) => !isUp),
    ...clients.filter(({ client }) => client === undefined),
  ];
  if (down.length > 0) return down.map(({ name }) => `${name} is down`);
  const missing: string[] = [];
  for (const one of clients) {
    if (await isKeptFrom(scene, one)) continue;
    const intents = await one.openIntents();
    if (one.isDoubled) missing.push(`${one.name} runs twice`);
    if (intents.length > 0) missing.push(`${one.name} has wishes: ${intents.join(", ")}`);
  }
  if (missing.length > 0) return missing;
  const excused = await whoNeedNotRead(scene);
  const tables = servers.map((server) => server.tables());
  try {
    for (const [index, { name }] of servers.entries()) {
      const waiting = tables[index]?.outbox(servers.map((one) => one.name)) ?? 0;
      if (waiting > 0) missing.push(`${name} has ${waiting} to send`);
      const behind = tables[index]?.behind() ?? [];
      missing.push(...behind.map((one) => `${name} lacks something of ${one}`));
      const unread = (tables[index]?.unread(room) ?? []).filter(
        (each) => !(each.startsWith(room) && excused.some((client) => each.includes(client))),
      );
      missing.push(...unread.map((each) => `${name} has unread: ${each}`));
    }
    const [hub] = tables;
    if (missing.length > 0 || hub === undefined) return missing;
    const head = hub.head(room);
    const members = hub.members(room);
    for (const one of clients) {
      if (one.client === undefined) continue;
      const standing = await one.standing(room);
      if (!members.includes(one.client.me.client)) {
        if (standing?.status === "joined" && !(await isKeptFrom(scene, one))) {
          missing.push(`${one.name} does not know that it is out`);
        }
        continue;
      }
      if (standing?.status === "removed" && mayStayIn(scene)) continue;
      if (standing?.status !== "joined") {
        missing.push(`${one.name} is ${standing?.status ?? "not"} in`);
      } else if (standing.position !== head) {
        missing.push(`${one.name} is at ${standing.position} of ${head}`);
      }
    }
    return missing;
  } finally {
    for (const each of tables) each.close();
  }
}

/**
 * A hub that keeps it from a server that its user is out sends it nothing more from which it could learn
 * that, and refuses whatever that user still wants.
 */
async function isKeptFrom(
  { world, victim, servers, room }: Scene,
  one: Scene["clients"][number],
): Promise<boolean> {
  if (one !== victim || one.client === undefined || !world.probes.has("hub lied")) return false;
  const tables = servers[0]?.tables();
  try {
    return tables !== undefined && !tables.members(room).includes(one.client.me.client);
  } finally {
    tables?.close();
  }
}

/**
 * Who was lied to and says so; and whoever is out and did not see the end of it: as its server withheld
 * an entry; or because the hub was put back, counted it in again, and others removed it; or its store was
 * put back to one that had asked to leave; or it could not apply a commit before, or came too late to find
 * a way in, and says what it lacks. It reads no more of the room, whose entries wait until they expire, or
 * it connects anew. Everybody reads the inbox, where a Welcome may wait.
 */
async function whoNeedNotRead(scene: Scene): Promise<readonly string[]> {
  const { clients, servers, room, victim, told } = scene;
  const excused: string[] = [];
  for (const one of clients) {
    if (one.client === undefined) continue;
    const knows = one === victim && isLieKnown(scene);
    const mayMissIt =
      one === victim ||
      one.wasPutBack ||
      servers[0]?.wasRestored === true ||
      mayMissBySabotage(scene, one) ||
      told.some(({ by, text }) => by === one && text.endsWith(": missed"));
    const isOut = mayMissIt && (await one.standing(room))?.status === "removed";
    if (knows || isOut) excused.push(one.client.me.client);
  }
  return excused;
}
