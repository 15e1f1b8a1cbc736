import { join } from "node:path";

import { mintRoomUri, parseDomain } from "@treehouse/protocol";
import Database from "better-sqlite3";

import { bareTarget } from "./ceiling/target.ts";
import { type Options, outstanding, type Report } from "./compare.ts";
import { type Figures, runLoad, type Shape } from "./load.ts";
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

/**
 * What a message costs in a server with so many rooms and users, and then with so many entries and
 * kept answers in its database: none of them may show in it.
 */
export async function benchScale(
  wanted: Options & { readonly rooms: readonly number[]; readonly entries: number },
  report: Report,
): Promise<void> {
  const { rooms, entries, ...options } = wanted;
  let first: number | undefined;
  const measure = async (target: Target, roomCount: number, stored: number): Promise<void> => {
    const figures = await load(target, options);
    // Beside each, for what else this machine does changes while rooms are made.
    const bare = await bareTarget();
    const ceiling = await load(bare, options).finally(() => bare.stop());
    const times = figures.cpuPerMessage / ceiling.cpuPerMessage;
    first ??= times;
    report({
      name: `scale ${roomCount} rooms ${stored} entries`,
      ratio: figures.perSecond / ceiling.perSecond,
      parameters: { ...shape, ...options, allRooms: roomCount, stored, durability: "FULL" },
      figures: {
        perSecond: figures.perSecond,
        cpuPerMessage: figures.cpuPerMessage,
        bareCpuPerMessage: ceiling.cpuPerMessage,
        generatorCpuPerMessage: figures.generatorCpuPerMessage,
        timesBareCpu: times,
        toFirst: times / first,
        memoryBytes: figures.memoryBytes,
        lost: figures.lost,
        doubled: figures.doubled,
      },
    });
  };
  for (const [index, count] of rooms.entries()) {
    const target = await homeserverTarget(Math.max(count, shape.rooms), shape.members);
    try {
      await measure(target, count, 0);
      if (index < rooms.length - 1) continue;
      await target.restart((directory) => fill(join(directory, "treehouse.sqlite"), entries));
      await measure(target, count, entries);
    } finally {
      await target.stop();
    }
  }
}

function load(target: Target, { seconds }: Options): Promise<Figures> {
  const measured = { warmUp: 2.5, measured: seconds };
  return runLoad(target, shape, { kind: "closed", outstanding }, measured);
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
