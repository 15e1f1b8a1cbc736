import { inboxEntryCodec, LIMITS, Refusal } from "@treehouse/protocol";
import { expect, test } from "vitest";
import { decodeText, lines, pageOf } from "../streams/reading.ts";
import { StreamServer } from "../streams/stream-server.ts";

test("R-008 FED-401 entries wait for a client that is away, over restarts, and come in their order", async () => {
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
    { stream: alice.client, cursor: 0, head: 0, oldest: 1, last: null },
    { stream: room, cursor: 3, head: 5, oldest: 4, last: null },
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

test("FED-420 pages end by number and by length, and have one entry whatever its length", async () => {
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

test("FED-420 a page says where the stream ends, and what can be read first", async () => {
  await using server = await StreamServer.open();
  const room = server.room();
  const alice = server.device();
  await server.subscribe(alice, room);
  for (let turn = 1; turn <= 3; turn += 1) await server.append(room, `m${turn}`);
  const ends = async (stream: typeof room | typeof alice.client, after: number) => {
    const { entries, head, oldest } = await pageOf(alice, stream, { after, limit: 256 });
    return { entries: entries.length, head, oldest };
  };
  expect(await ends(room, 0)).toEqual({ entries: 3, head: 3, oldest: 1 });
  expect(await ends(room, 1)).toEqual({ entries: 2, head: 3, oldest: 2 });
  expect(await ends(room, 3)).toEqual({ entries: 0, head: 3, oldest: 4 });
  expect(await ends(alice.client, 0)).toEqual({ entries: 0, head: 0, oldest: 1 });
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
    const entry = { room, position, bytes, handshake: false };
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

test("subscribing again changes nothing, unless the Welcome of the first time is still unread", async () => {
  await using server = await StreamServer.open();
  const room = server.room();
  const bob = server.device("bob");
  const first = await server.append(room, "adds bob", true);
  const welcome = await server.welcome(bob, room, first);
  await server.subscribe(bob, room, first, welcome);
  await server.append(room, "in vain");
  // Bob could not use it and comes by a commit of his own: he reads from there, without waiting.
  const second = await server.append(room, "bob joins", true);
  await server.subscribe(bob, room, second - 1);
  await server.append(room, "hello");
  expect(lines(await pageOf(bob, room, { after: 0, limit: 256 }))).toEqual(["bob joins", "hello"]);
  await bob.acknowledge([{ stream: room, position: second }]);
  // Joining once more, he keeps his place.
  const third = await server.append(room, "bob joins again", true);
  await server.subscribe(bob, room, third - 1);
  const { subscriptions } = await bob.subscriptions();
  expect(subscriptions.at(-1)).toMatchObject({ stream: room, cursor: second, head: third });
});

test("where a stream ends for a client is known while an older stretch is still to be read", async () => {
  await using server = await StreamServer.open();
  const room = server.room();
  const bob = server.device("bob");
  await server.subscribe(bob, room);
  await server.append(room, "hello");
  const first = await server.remove(bob, room, "removes bob");
  const shown = async () => (await bob.subscriptions()).subscriptions.at(-1);
  expect(await shown()).toMatchObject({ stream: room, cursor: 0, head: first, last: first });
  const position = await server.append(room, "adds bob", true);
  await server.subscribe(bob, room, position);
  expect(await shown()).toMatchObject({ cursor: 0, head: first, last: null });
  const last = await server.remove(bob, room, "removes bob again");
  expect(await shown()).toMatchObject({ cursor: 0, head: first, last });
});

test("FED-271 the streams keep the name of their life over a restart", async () => {
  const first = await StreamServer.open();
  const { incarnation } = first.queuing;
  expect(incarnation).toHaveLength(16);
  await using second = await first.restart();
  expect(second.queuing.incarnation).toEqual(incarnation);
  await using other = await StreamServer.open();
  expect(other.queuing.incarnation).not.toEqual(incarnation);
});

test("every bound of this module is one of the documented limits", async () => {
  await using server = await StreamServer.open();
  const alice = server.device();
  const refused = await alice.entries(alice.client, { after: 0, limit: LIMITS.pageEntriesMax + 1 });
  expect(refused).toMatchObject({ code: "malformed" });
});
