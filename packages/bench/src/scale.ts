import { join } from "node:path";

import { mintRoomUri, parseDomain } from "@treehouse/protocol";
import Database from "better-sqlite3";

import { bareTarget } from "./ceiling/target.ts";
import { type Options, outstanding, type Report } from "./compare.ts";
import { median, percentile } from "./report.ts";
import { closedSeconds, type Figures, runLoad, type Shape } from "./load.ts";
import type { Target } from "./target.ts";
import { random } from "./world/people.ts";
import { homeserverTarget } from "./world/target.ts";

/** The same ten rooms are written into, whatever else there is. */
const shape: Shape = {
  rooms: 10,
  members: 2,
  senders: 1,
  payloadBytes: 1024,
  latencyOf: "everybody",
};
const filledStreams = 1000;
const filledBytes = 200;

/** One of the servers that are compared: all are up at once, and have their turns one after another. */
type World = { readonly target: Target; readonly rooms: number; readonly stored: number };

/**
 * What a message costs in servers with so many rooms and users, and in one with so many entries and
 * kept answers in its database: none of them may show in it. Every round measures each of them, and what
 * is compared is one with the first in the same round, so that other programs disturb both.
 */
export async function benchScale(
  wanted: Options & { readonly rooms: readonly number[]; readonly entries: number },
  report: Report,
): Promise<void> {
  const { rooms, entries, ...options } = wanted;
  const targets: Target[] = [];
  const started = async (starting: Promise<Target>): Promise<Target> => {
    const target = await starting;
    targets.push(target);
    return target;
  };
  try {
    const worlds: World[] = [];
    for (const count of rooms) {
      const all = Math.max(count, shape.rooms);
      const target = await started(homeserverTarget(all, shape.members));
      worlds.push({ target, rooms: count, stored: 0 });
    }
    const target = await started(homeserverTarget(shape.rooms, shape.members));
    await target.restart((directory) => fill(join(directory, "treehouse.sqlite"), entries));
    worlds.push({ target, rooms: shape.rooms, stored: entries });
    await compare(worlds, await started(bareTarget()), options, report);
  } finally {
    for (const target of targets) await target.stop();
  }
}

async function compare(
  worlds: readonly World[],
  bare: Target,
  options: Options,
  report: Report,
): Promise<void> {
  const taken: Figures[][] = worlds.map(() => []);
  const ceilings: Figures[] = [];
  for (let round = 0; round < options.rounds; round += 1) {
    for (const [index, { target }] of worlds.entries()) {
      taken[index]?.push(await load(target, options));
    }
    ceilings.push(await load(bare, options));
  }
  const [first = []] = taken;
  for (const [index, world] of worlds.entries()) {
    const own = taken[index] ?? [];
    const toFirst = own.map((one, round) => one.cpuPerMessage / cpuOfRound(first, round));
    const perSecond = median(own.map((one) => one.perSecond));
    report({
      name: `scale ${world.rooms} rooms ${world.stored} entries`,
      ratio: perSecond / median(ceilings.map((one) => one.perSecond)),
      parameters: {
        ...shape,
        ...options,
        allRooms: world.rooms,
        stored: world.stored,
        durability: "FULL",
      },
      figures: {
        perSecond,
        cpuPerMessage: median(own.map(({ cpuPerMessage }) => cpuPerMessage)),
        bareCpuPerMessage: median(ceilings.map(({ cpuPerMessage }) => cpuPerMessage)),
        generatorCpuPerMessage: median(own.map((one) => one.generatorCpuPerMessage)),
        toFirst: median(toFirst),
        // Half of the rounds lie between these.
        toFirstLower: percentile(toFirst, 0.25),
        toFirstUpper: percentile(toFirst, 0.75),
        memoryBytes: median(own.map(({ memoryBytes }) => memoryBytes)),
        lost: own.reduce((sum, { lost }) => sum + lost, 0),
        doubled: own.reduce((sum, { doubled }) => sum + doubled, 0),
      },
    });
  }
}

function cpuOfRound(figures: readonly Figures[], round: number): number {
  return figures[round]?.cpuPerMessage ?? Number.NaN;
}

function load(target: Target, { seconds }: Options): Promise<Figures> {
  return runLoad(target, shape, { kind: "closed", outstanding }, closedSeconds(seconds));
}

/** Entries of other rooms and answers to other requests, as if they had been there before. */
function fill(path: string, entries: number): void {
  const database = new Database(path);
  database.pragma("journal_mode = WAL");
  database.pragma("synchronous = OFF");
  const stream = database.prepare("INSERT INTO queuing_streams (name, kind) VALUES (?, 1)");
  const entry = database.prepare(
    `INSERT INTO queuing_entries (stream, position, handshake, stored_at, bytes)
     VALUES (?, ?, 0, ?, zeroblob(${filledBytes}))`,
  );
  const answer = database.prepare(
    `INSERT INTO delivery_requests (key, answer, expires_at) VALUES (?, zeroblob(20), ?)`,
  );
  const now = Date.now();
  const key = Buffer.from(random(32));
  const perStream = Math.ceil(entries / filledStreams);
  for (let number = 0; number < filledStreams; number += 1) {
    const name = mintRoomUri(parseDomain("localhost"), random);
    database.transaction(() => {
      const { lastInsertRowid } = stream.run(name);
      for (let position = 1; position <= perStream; position += 1) {
        entry.run(lastInsertRowid, position, now);
        key.writeUInt32BE(number * perStream + position, 4);
        answer.run(key, now + 14 * 24 * 3_600_000);
      }
    })();
  }
  database.pragma("wal_checkpoint(TRUNCATE)");
  database.close();
}
