import { Refusal } from "@treehouse/protocol";
import type { RoomUri } from "@treehouse/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { backUp, unsettled } from "../delivery/backed-up.ts";
import { startPair } from "../delivery/pair.ts";
import type { Pair } from "../delivery/pair.ts";
import { deliveryOf } from "../delivery/two-servers.ts";

let pair: Pair;

beforeEach(async () => {
  pair = await startPair();
});

afterEach(() => pair[Symbol.asyncDispose]());

async function headAt(room: RoomUri) {
  const { database, queuing } = pair.servers.follower;
  return (await database.read((tx) => queuing.readLog(tx, room, { after: 0 }))).head;
}

/** Until nothing more happens by itself. */
async function quiet(): Promise<void> {
  for (let turn = 0; turn < 200; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test("FED-951 what is too much for a way that breaks comes in smaller parts, without a wait for each", async () => {
  const { servers } = pair;
  const [a] = await pair.openRoom();
  for (let count = 0; count < 60; count += 1) await a.say(`missed ${count}`);
  servers.outbox.splice(0);
  // The way breaks with more than so many entries at once.
  const most = 7;
  let broken = 0;
  servers.answered = (events) => {
    if (events.entries.length <= most) return events;
    broken += 1;
    throw new Refusal("peerUnreachable", "the connection broke");
  };
  const head = await servers.hub.delivery.hosted.signedHead(a.room);
  if (head === undefined) throw new Error("no head");
  await servers.deliver([], [head]);
  await quiet();
  let waits = 0;
  for (; (await headAt(a.room)) < 61 && waits < 40; waits += 1) {
    servers.follower.fireTimers();
    await quiet();
  }
  expect(await headAt(a.room)).toBe(61);
  // From 256 down to 4; what is grown again and too much is the rest.
  expect(broken).toBeLessThan(20);
  expect(waits).toBeLessThan(20);
});

test("FED-958 a restored hub gets what its follower has over a way that breaks with much of it", async () => {
  const { servers } = pair;
  const [a] = await pair.openRoom();
  const restore = await backUp(pair);
  for (let count = 0; count < 60; count += 1) await a.say(`after the backup ${count}`);
  const head = await servers.hub.delivery.hosted.signedHead(a.room);
  await servers.deliver(servers.outbox.splice(0).map(deliveryOf), head === undefined ? [] : [head]);
  const most = 7;
  servers.told = (events) => {
    if (events.entries.length <= most) return events;
    throw new Refusal("peerUnreachable", "the connection broke");
  };
  await restore();
  const { delivery } = servers.hub;
  await delivery.start();
  for (let waits = 0; (await unsettled(servers)) > 0 && waits < 20; waits += 1) {
    await quiet();
    servers.hub.fireTimers();
  }
  await delivery.close();
  const { database, queuing } = servers.hub;
  const { entries } = await database.read((tx) => queuing.readLog(tx, a.room, { after: 0 }));
  // The commit, all that was said, and the entry with which the new term begins.
  expect(entries).toHaveLength(62);
});

test("FED-951 FED-1125 what a hub answers of whom another one is known since passes over nothing", async () => {
  const { servers } = pair;
  const [a] = await pair.openRoom();
  for (let count = 0; count < 3; count += 1) await a.say(`missed ${count}`);
  servers.outbox.splice(0);
  const { database, queuing } = servers.follower;
  // While the former hub answers, another one is known; asked then, that one says the same.
  let isKnown = false;
  servers.answered = async (events) => {
    if (isKnown) return events;
    isKnown = true;
    await database.transaction(async (tx) => {
      const { $client } = database.sql(tx);
      $client.prepare("UPDATE delivery_followed SET hub = ?").run("another.example");
      $client.prepare("UPDATE delivery_followed_heads SET frozen = 1").run();
    });
    // What is in memory of the room is forgotten with this.
    await servers.thaw(a.room);
    return events;
  };
  const head = await servers.hub.delivery.hosted.signedHead(a.room);
  if (head === undefined) throw new Error("no head");
  await servers.deliver([], [head]);
  await quiet();
  const log = await database.read((tx) => queuing.readLog(tx, a.room, { after: 0 }));
  expect([log.entries.length, log.head]).toEqual([4, 4]);
});
