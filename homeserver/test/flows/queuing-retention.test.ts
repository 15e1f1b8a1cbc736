import { expect, test } from "vitest";
import { decodeText, lines, pageOf, positionsLeft } from "../streams/reading.ts";
import { StreamServer } from "../streams/stream-server.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

test("inbox entries are gone once they are acknowledged", async () => {
  await using server = await StreamServer.open();
  const room = server.room();
  const bob = server.device("bob");
  for (let turn = 0; turn < 3; turn += 1) await server.welcome(bob, room);
  await bob.acknowledge([{ stream: bob.client, position: 2 }]);
  await server.queuing.flush();
  await expect(positionsLeft(server.database, bob.client)).resolves.toEqual([3]);
  const gone = await bob.entries(bob.client, { after: 0, limit: 256 });
  expect(gone).toMatchObject({ code: "positionGone", data: { oldest: 3 } });
});

test("an inbox that is never read refuses more, by the name of its limit", async () => {
  await using server = await StreamServer.open({ limits: { inboxEntriesMax: 3 } });
  const room = server.room();
  const bob = server.device("bob");
  for (let turn = 0; turn < 3; turn += 1) await server.welcome(bob, room);
  await expect(server.welcome(bob, room)).rejects.toMatchObject({
    code: "queueFull",
    data: { limitName: "inboxEntriesMax", limit: 3 },
  });
  await bob.acknowledge([{ stream: bob.client, position: 1 }]);
  expect(await server.welcome(bob, room)).toBe(4);
});

test("after 48 hours what all have read goes, and handshakes stay for 30 days", async () => {
  await using server = await StreamServer.open();
  const room = server.room();
  const [alice, bob] = [server.device("alice"), server.device("bob")];
  for (const device of [alice, bob]) await server.subscribe(device, room);
  await server.append(room, "commit", true);
  for (let turn = 2; turn <= 6; turn += 1) await server.append(room, `m${turn}`);
  await alice.acknowledge([{ stream: room, position: 6 }]);
  await bob.acknowledge([{ stream: room, position: 4 }]);
  await server.queuing.flush();

  await server.queuing.retain();
  expect(await positionsLeft(server.database, room)).toEqual([1, 2, 3, 4, 5, 6]);
  server.clock.advance(49 * HOUR);
  await server.queuing.retain();
  expect(await positionsLeft(server.database, room)).toEqual([1, 5, 6]);
  const page = await pageOf(bob, room, { after: 4, limit: 256 });
  expect(lines(page)).toEqual(["m5", "m6"]);

  server.clock.advance(30 * DAY);
  await server.queuing.retain();
  expect(await positionsLeft(server.database, room)).toEqual([]);
  expect(await server.append(room, "goes on")).toBe(7);
});

test("what another server has yet to get is kept like what a client has not read", async () => {
  await using server = await StreamServer.open();
  const room = server.room();
  const alice = server.device("alice");
  await server.subscribe(alice, room);
  for (let turn = 1; turn <= 5; turn += 1) await server.append(room, `m${turn}`);
  await alice.acknowledge([{ stream: room, position: 5 }]);
  await server.queuing.flush();
  const floors = new Map([[room, 3]]);
  server.queuing.hold({ floors: () => floors });
  server.clock.advance(49 * HOUR);
  await server.queuing.retain();
  expect(await positionsLeft(server.database, room)).toEqual([3, 4, 5]);
  floors.clear();
  server.clock.advance(2 * HOUR);
  await server.queuing.retain();
  expect(await positionsLeft(server.database, room)).toEqual([]);
});

test("FED-414 a reader that was away for longer than entries are kept is told which are missing", async () => {
  await using server = await StreamServer.open();
  const room = server.room();
  const alice = server.device();
  await server.subscribe(alice, room);
  for (let turn = 1; turn <= 4; turn += 1) await server.append(room, `old ${turn}`);
  server.clock.advance(20 * DAY);
  await server.append(room, "commit", true);
  server.clock.advance(11 * DAY);
  await server.append(room, "new");
  await server.queuing.retain();
  expect(await positionsLeft(server.database, room)).toEqual([5, 6]);

  const refused = await alice.entries(room, { after: 0, limit: 256 });
  expect(refused).toMatchObject({ code: "positionGone", data: { oldest: 5 } });
  expect(lines(await pageOf(alice, room, { after: 4, limit: 256 }))).toEqual(["commit", "new"]);

  const renewed = server.sessionOf(alice.client);
  const socket = await renewed.connect();
  await socket.caughtUp();
  expect(socket.frames.filter(({ type }) => type === "gap")).toEqual([
    { type: "gap", stream: room, from: 1, to: 4, reason: "expired" },
  ]);
  expect(socket.entries().map(decodeText)).toEqual(["commit", "new"]);
  await socket.close();
});

test("a client that never reads cannot make the server keep more than a stream may hold", async () => {
  await using server = await StreamServer.open({ limits: { streamBytesMax: 10_000 } });
  const room = server.room();
  const away = server.device("away");
  await server.subscribe(away, room);
  for (let turn = 0; turn < 40; turn += 1) {
    await server.append(room, new Uint8Array(1000).fill(65), turn === 3);
  }
  server.clock.advance(3 * DAY);
  await server.queuing.retain();
  expect(await positionsLeft(server.database, room)).toEqual([
    4,
    ...Array.from({ length: 10 }, (_, index) => 31 + index),
  ]);
  const socket = await server.sessionOf(away.client).connect();
  await socket.caughtUp();
  expect(socket.frames.filter(({ type }) => type === "gap")).toEqual([
    { type: "gap", stream: room, from: 1, to: 3, reason: "overflow" },
    { type: "gap", stream: room, from: 5, to: 30, reason: "overflow" },
  ]);
  expect(socket.entries()).toHaveLength(11);
  await socket.close();
});

test("retention works through more than one transaction should delete", async () => {
  await using server = await StreamServer.open();
  const room = server.room();
  await server.database.transaction(async (tx) => {
    for (let turn = 0; turn < 2500; turn += 1) await server.appendIn(tx, room, "x");
  });
  server.clock.advance(3 * DAY);
  for (const left of [1500, 500, 0]) {
    await server.queuing.retain();
    expect(await positionsLeft(server.database, room)).toHaveLength(left);
  }
  expect(await server.queuing.retain()).toBe(0);
});

test("a deleted client leaves nothing behind and its name starts anew", async () => {
  await using server = await StreamServer.open();
  const room = server.room();
  const alice = server.device();
  await server.subscribe(alice, room);
  await server.welcome(alice, room);
  const socket = await alice.connect();
  await socket.caughtUp();
  await server.database.transaction((tx) => server.queuing.deleteClient(tx, alice.client));
  expect((await socket.ended).code).toBe(4002);
  expect(await positionsLeft(server.database, alice.client)).toEqual([]);
  expect((await alice.subscriptions()).subscriptions).toEqual([
    { stream: alice.client, cursor: 0, head: 0, oldest: 1, last: null },
  ]);
});

test("few streams and clients in memory serve many", async () => {
  await using server = await StreamServer.open({ cached: { clients: 2, streams: 3 } });
  const rooms = Array.from({ length: 12 }, () => server.room());
  const devices = Array.from({ length: 6 }, (_, index) => server.device(`user${index}`));
  for (const device of devices) {
    for (const room of rooms) await server.subscribe(device, room);
  }
  for (const round of [1, 2, 3]) {
    for (const room of rooms) await server.append(room, `${round}`);
    for (const device of devices) {
      await device.acknowledge([{ stream: rooms[0] ?? device.client, position: round - 1 }]);
    }
  }
  for (const device of devices) {
    const { subscriptions } = await device.subscriptions();
    expect(subscriptions.map(({ cursor }) => cursor)).toEqual([0, 2, ...Array(11).fill(0)]);
    expect(subscriptions.map(({ head }) => head)).toEqual([0, ...Array(12).fill(3)]);
  }
});
