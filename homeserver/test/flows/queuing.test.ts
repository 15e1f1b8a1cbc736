import { inboxEntryCodec, LIMITS, Refusal } from "@treehouse/protocol";
import { expect, test } from "vitest";
import { decodeText, lines, pageOf, positionsLeft } from "../streams/reading.ts";
import { StreamServer } from "../streams/stream-server.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

test("R-008 entries wait for a client that is away, over restarts, and come in their order", async () => {
  let server = await StreamServer.open();
  const room = server.room();
  const bob = server.device("bob");
  await server.subscribe(bob, room);
  for (let run = 0; run < 3; run += 1) {
    for (let turn = 0; turn < 40; turn += 1) await server.append(room, `${run}.${turn}`);
    server = await server.crash();
  }
  await using final = server;
  const page = await pageOf(final.again(bob), room, { after: 0, limit: 256 });
  expect(page.head).toBe(120);
  expect(lines(page)).toEqual(
    Array.from({ length: 120 }, (_, index) => `${Math.floor(index / 40)}.${index % 40}`),
  );
});

test("R-009 a client reads its own inbox and its own rooms only", async () => {
  await using server = await StreamServer.open();
  const room = server.room();
  const [alice, mallory] = [server.device("alice"), server.device("mallory")];
  await server.subscribe(alice, room);
  await server.append(room, "for alice");
  await server.welcome(alice, room);
  for (const stream of [room, server.room()]) {
    const refused = await mallory.entries(stream, { after: 0, limit: 10 });
    expect(refused).toMatchObject({ code: "notMember" });
  }
  const inbox = await mallory.entries(alice.client, { after: 0, limit: 10 });
  expect(inbox).toMatchObject({ code: "clientMismatch" });
  // Acknowledging what is not one's own changes nothing for the owner.
  expect(await mallory.acknowledge([{ stream: alice.client, position: 1 }])).toBeUndefined();
  expect(await mallory.acknowledge([{ stream: room, position: 1 }])).toBeUndefined();
  await server.queuing.flush();
  expect((await pageOf(alice, alice.client, { after: 0, limit: 10 })).entries).toHaveLength(1);
  expect((await mallory.subscriptions()).subscriptions.map(({ stream }) => stream)).toEqual([
    mallory.client,
  ]);
});

test("R-009 a session that has ended reads nothing", async () => {
  await using server = await StreamServer.open();
  const alice = server.device();
  server.endSession(alice);
  const refused = await alice.entries(alice.client, { after: 0, limit: 1 });
  expect(refused).toMatchObject({ code: "sessionEnded" });
});

test("what is acknowledged moves the cursor, what is not comes again", async () => {
  await using server = await StreamServer.open();
  const room = server.room();
  const alice = server.device();
  await server.subscribe(alice, room);
  for (let turn = 1; turn <= 5; turn += 1) await server.append(room, `m${turn}`);
  expect(await alice.acknowledge([{ stream: room, position: 3 }])).toBeUndefined();
  expect(await alice.acknowledge([{ stream: room, position: 2 }])).toBeUndefined();
  const { subscriptions } = await alice.subscriptions();
  expect(subscriptions).toEqual([
    { stream: alice.client, cursor: 0, head: 0, oldest: 1 },
    { stream: room, cursor: 3, head: 5, oldest: 4 },
  ]);
  const socket = await alice.connect();
  await socket.caughtUp();
  expect(socket.entries().map(decodeText)).toEqual(["m4", "m5"]);
  await socket.close();
});

test("a position beyond the head is refused, and nothing of that acknowledgement counts", async () => {
  await using server = await StreamServer.open();
  const [room, other] = [server.room(), server.room()];
  const alice = server.device();
  for (const stream of [room, other]) {
    await server.subscribe(alice, stream);
    await server.append(stream, "only");
  }
  const refused = await alice.acknowledge([
    { stream: room, position: 1 },
    { stream: other, position: 2 },
  ]);
  expect(refused).toMatchObject({ code: "aheadOfStream" });
  const { subscriptions } = await alice.subscriptions();
  expect(subscriptions.map(({ cursor }) => cursor)).toEqual([0, 0, 0]);
  const ahead = await alice.entries(room, { after: 2, limit: 1 });
  expect(ahead).toMatchObject({ code: "aheadOfStream" });
});

test("pages end by number and by length, and have one entry whatever its length", async () => {
  await using server = await StreamServer.open({ limits: { pageBytesMax: 1000 } });
  const room = server.room();
  const alice = server.device();
  await server.subscribe(alice, room);
  const sizes = [400, 400, 400, 5000, 1];
  for (const size of sizes) await server.append(room, new Uint8Array(size).fill(65));
  const read = async (after: number, limit: number) =>
    (await pageOf(alice, room, { after, limit })).entries.map(({ length }) => length);
  expect(await read(0, 256)).toEqual([400, 400]);
  expect(await read(2, 256)).toEqual([400]);
  expect(await read(3, 256)).toEqual([5000]);
  expect(await read(4, 256)).toEqual([1]);
  expect(await read(0, 1)).toEqual([400]);
  expect(await read(5, 256)).toEqual([]);
});

test("an entry that does not follow the head is a bug, and leaves nothing behind", async () => {
  await using server = await StreamServer.open();
  const room = server.room();
  const alice = server.device();
  await server.subscribe(alice, room);
  await server.append(room, "first");
  const socket = await alice.connect();
  await socket.caughtUp();
  for (const position of [0, 1, 3]) {
    const bytes = new TextEncoder().encode("wrong");
    const entry = { room, position, bytes, handshake: false, ephemeral: false };
    const attempt = server.database.transaction((tx) => server.queuing.append(tx, entry));
    await expect(attempt).rejects.toThrow("does not follow");
  }
  await server.append(room, "second");
  await socket.until(() => socket.entries().length >= 2);
  expect(socket.entries().map(decodeText)).toEqual(["first", "second"]);
  await socket.close();
});

test("what a refused transaction appended was never there", async () => {
  await using server = await StreamServer.open();
  const room = server.room();
  const alice = server.device();
  await server.subscribe(alice, room);
  const socket = await alice.connect();
  await socket.caughtUp();
  const append = (position: number, text: string, fails: boolean) =>
    server.database.transaction(async (tx) => {
      const bytes = new TextEncoder().encode(text);
      await server.queuing.append(tx, {
        room,
        position,
        bytes,
        handshake: false,
        ephemeral: false,
      });
      if (fails) throw new Refusal("conflict", "Not this one.");
    });
  // All of them share one group commit.
  const outcomes = await Promise.allSettled([
    append(1, "kept", false),
    append(2, "taken back", true),
    append(2, "in its place", false),
    append(4, "leaves a hole", false),
    append(3, "last", false),
  ]);
  expect(outcomes.map(({ status }) => status)).toEqual([
    "fulfilled",
    "rejected",
    "fulfilled",
    "rejected",
    "fulfilled",
  ]);
  await socket.until(() => socket.entries().length >= 3);
  const expected = ["kept", "in its place", "last"];
  expect(socket.entries().map(decodeText)).toEqual(expected);
  expect(lines(await pageOf(alice, room, { after: 0, limit: 256 }))).toEqual(expected);
  await socket.close();
});

test("a removed client gets the removing entry as its last, and then nothing of the room", async () => {
  await using server = await StreamServer.open();
  const room = server.room();
  const alice = server.device();
  await server.subscribe(alice, room);
  await server.append(room, "before");
  await server.remove(alice, room, "alice is removed");
  await server.append(room, "not for alice");
  const page = await pageOf(alice, room, { after: 0, limit: 256 });
  expect(lines(page)).toEqual(["before", "alice is removed"]);
  expect(page.head).toBe(2);
  expect(lines(await pageOf(alice, room, { after: 2, limit: 256 }))).toEqual([]);
  await alice.acknowledge([{ stream: room, position: 2 }]);
  await server.queuing.flush();
  const refused = await alice.entries(room, { after: 0, limit: 256 });
  expect(refused).toMatchObject({ code: "notMember" });
});

test("a client that was removed and added again reads both stretches and nothing between", async () => {
  await using server = await StreamServer.open();
  const room = server.room();
  const alice = server.device();
  await server.subscribe(alice, room);
  await server.append(room, "one");
  await server.remove(alice, room, "out");
  await server.append(room, "secret");
  const after = await server.append(room, "in again", true);
  await server.subscribe(alice, room, after);
  await server.append(room, "two");
  const socket = await alice.connect();
  await socket.caughtUp();
  await server.append(room, "three");
  await socket.until(() => socket.entries().length >= 4);
  expect(socket.entries().map(decodeText)).toEqual(["one", "out", "two", "three"]);
  await socket.close();
});

test("a room is read once its Welcome is acknowledged", async () => {
  await using server = await StreamServer.open();
  const room = server.room();
  const bob = server.device("bob");
  const position = await server.append(room, "adds bob", true);
  const inbox = await server.welcome(bob, room, position);
  await server.subscribe(bob, room, position, inbox);
  await server.append(room, "hello bob");
  expect(lines(await pageOf(bob, room, { after: 0, limit: 256 }))).toEqual([]);
  const [welcome] = (await pageOf(bob, bob.client, { after: 0, limit: 256 })).entries;
  expect(welcome && inboxEntryCodec.decode(welcome)).toMatchObject({
    position: inbox,
    kind: "welcome",
    welcome: { room, position, epoch: 1 },
  });
  await bob.acknowledge([{ stream: bob.client, position: inbox }]);
  expect(lines(await pageOf(bob, room, { after: 0, limit: 256 }))).toEqual(["hello bob"]);
});

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

test("a reader that was away for longer than entries are kept is told which are missing", async () => {
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

test("the streams keep the name of their life over a restart", async () => {
  const first = await StreamServer.open();
  const { incarnation } = first.queuing;
  expect(incarnation).toHaveLength(16);
  await using second = await first.restart();
  expect(second.queuing.incarnation).toEqual(incarnation);
  await using other = await StreamServer.open();
  expect(other.queuing.incarnation).not.toEqual(incarnation);
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
    { stream: alice.client, cursor: 0, head: 0, oldest: 1 },
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

test("every bound of this module is one of the documented limits", async () => {
  await using server = await StreamServer.open();
  const alice = server.device();
  const refused = await alice.entries(alice.client, { after: 0, limit: LIMITS.pageEntriesMax + 1 });
  expect(refused).toMatchObject({ code: "malformed" });
});
