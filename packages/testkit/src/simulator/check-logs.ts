import {
  chainHashOf,
  type CommitEntry,
  type Entry,
  equalBytes,
  firstPrevious,
  TOMBSTONE_REASONS,
} from "@treehouse/protocol";
import { Log } from "./read-logs.ts";
import type { Scene } from "./scene.ts";

/** How many epochs back a message may have been sealed (architecture §5). */
const lateEpochsMax = 3;

/**
 * Order, gaplessness, one commit per epoch (I1, I3), the same octets on every server, nothing
 * rejected for good, files whole. Answers the hub's log.
 */
export function checkLogs(scene: Scene): Log {
  const { servers, room, world } = scene;
  const [hub] = servers;
  if (hub === undefined) throw new Error("there is no server");
  let log = new Log([]);
  for (const server of servers) {
    const tables = server.tables();
    const own = tables.log(room);
    if (server === hub) {
      log = own;
      checkHubLog(scene, own);
    } else {
      checkFollower(scene, server.name, log, own);
    }
    // What it said beside its lies is not taken either.
    const hasLied = server === hub && world.probes.has("hub lied");
    if (tables.dead() > 0 && !hasLied)
      world.violate("I7", `${server.name} gave up ${tables.dead()} items`);
    const damage = tables.damage();
    if (damage !== undefined) world.violate("files", `${server.name}: ${damage}`);
    tables.close();
  }
  return log;
}

function checkHubLog({ world }: Scene, { rows }: Log): void {
  let previous = firstPrevious;
  /** The epochs with which somebody came in, ascending. */
  const entered = [0];
  let epoch = rows.find(({ entry }) => entry.kind === "commit")?.epoch;
  let last = 0;
  for (const row of rows) {
    const at = `position ${row.position}`;
    if (row.position !== last + 1 && !isJump(row.entry)) {
      world.violate("I1", `${at} stands where ${last + 1} should`);
      return;
    }
    last = row.position;
    if (!equalBytes(row.entry.previous, previous)) {
      world.violate("I1", `${at} names another entry before it`);
    }
    previous = chainHashOf(row.entry, row.bytes);
    if (row.entry.kind === "void") {
      world.probe("commit void");
      ({ epoch } = row.entry);
      while ((entered.at(-1) ?? 0) > epoch) entered.pop();
    }
    if (epoch === undefined || row.epoch === undefined) continue;
    if (row.entry.kind === "commit") {
      if (row.epoch !== epoch) world.violate("I3", `${at}: a commit of ${row.epoch} in ${epoch}`);
      epoch += 1;
      if (bringsIn(row.entry)) entered.push(epoch);
    } else if (row.epoch > epoch || row.epoch < epoch - lateEpochsMax) {
      world.violate("I3", `${at}: a message of ${row.epoch} in ${epoch}`);
    } else if (row.epoch < (entered.at(-1) ?? 0)) {
      world.violate(
        "I3",
        `${at}: a message of ${row.epoch}, which who came in ${entered.at(-1)} cannot read`,
      );
    } else if (row.epoch < epoch) {
      world.probe("late message");
    }
  }
}

/** The one hole that there may be is declared by what stands behind it. */
function isJump(entry: Entry): boolean {
  return entry.kind === "tombstone" && entry.reason === TOMBSTONE_REASONS.restored;
}

function bringsIn({ leafChanges }: CommitEntry): boolean {
  const gone = leafChanges.filter(({ change }) => change === "removed");
  return leafChanges.some(
    ({ change, client }) => change === "added" && !gone.some((one) => one.client === client),
  );
}

/** What a follower has is what the hub has, from where it began to follow up to some position. */
function checkFollower(scene: Scene, name: string, log: Log, own: Log): void {
  const { world, servers, network } = scene;
  const [hub] = servers;
  let last: number | undefined;
  for (const { position, bytes } of own.rows) {
    const original = log.at(position);
    // What no head of the hub covers it does not take back from its followers.
    if (original === undefined && hub?.wasRestored === true) continue;
    const isOther = original === undefined || !equalBytes(original.bytes, bytes);
    if (isOther && network.lyingHub?.to === name) world.probe("lie believed");
    else if (isOther) {
      world.violate("I6", `${name} has another entry at ${position} than the hub`);
    }
    if (last !== undefined && position !== last + 1) world.probe("followed again");
    last = position;
  }
}
