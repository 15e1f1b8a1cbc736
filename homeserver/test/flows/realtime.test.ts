import { frameEntry, frameInboxEntry, utf8Decode, utf8Encode } from "@treehouse/protocol";
import { expect, test } from "vitest";
import { decodeText } from "../streams/reading.ts";
import { StreamServer } from "../streams/stream-server.ts";

test("R-146 FED-410 a client catches up, is told so, and then gets what is new, each entry once", async () => {
  await using server = await StreamServer.open();
  const room = server.room();
  const alice = server.device();
  await server.subscribe(alice, room);
  await Promise.all(Array.from({ length: 700 }, (_, index) => server.append(room, `${index}`)));
  const socket = await alice.connect();
  // Entries are appended all the while that the backlog is read.
  const writing = Promise.all(
    Array.from({ length: 300 }, (_, index) => server.append(room, `${700 + index}`)),
  );
  await socket.caughtUp();
  await writing;
  await server.append(room, "1000");
  await socket.until(() => socket.entries().length >= 1001);
  expect(socket.entries().map(decodeText)).toEqual(
    Array.from({ length: 1001 }, (_, index) => `${index}`),
  );
  expect(socket.count("caughtUp")).toBe(1);
  await socket.close();
});

test("R-146 FED-411 FED-412 after a cut the client goes on from what it has, without a gap", async () => {
  await using server = await StreamServer.open();
  const room = server.room();
  const alice = server.device();
  await server.subscribe(alice, room);
  for (let turn = 1; turn <= 9; turn += 1) await server.append(room, `m${turn}`);
  const { incarnation } = server.queuing;
  const first = await alice.connect();
  await first.caughtUp();
  await first.close();
  const second = await alice.connect([{ stream: room, position: 6 }], incarnation);
  await second.caughtUp();
  expect(second.entries().map(decodeText)).toEqual(["m7", "m8", "m9"]);
  await second.close();
  // What it has is what it says, also when its store was set back.
  const third = await alice.connect([{ stream: room, position: 4 }], incarnation);
  await third.caughtUp();
  expect(third.entries().map(decodeText)).toEqual(["m5", "m6", "m7", "m8", "m9"]);
  await third.close();
  // Cursors of another life of the server mean nothing.
  const other = new Uint8Array(16).fill(1);
  const fourth = await alice.connect([{ stream: room, position: 8 }], other);
  await fourth.caughtUp();
  expect(fourth.entries().map(decodeText)).toEqual(["m7", "m8", "m9"]);
  await fourth.close();
});

test("a cursor that the server never gave is refused and the stream goes on from its own", async () => {
  await using server = await StreamServer.open();
  const room = server.room();
  const alice = server.device();
  await server.subscribe(alice, room);
  await server.append(room, "one");
  const socket = await alice.connect([{ stream: room, position: 5 }], server.queuing.incarnation);
  await socket.caughtUp();
  expect(socket.frames.find(({ type }) => type === "refused")).toMatchObject({
    requestId: 0,
    code: "aheadOfStream",
  });
  expect(socket.entries().map(decodeText)).toEqual(["one"]);
  await socket.close();
});

test("R-146 every recipient is given the same octets", async () => {
  await using server = await StreamServer.open();
  const room = server.room();
  const devices = ["a", "b", "c"].map((name) => server.device(name));
  for (const device of devices) await server.subscribe(device, room);
  await server.append(room, "from the store");
  const sockets = await Promise.all(devices.map((device) => device.connect()));
  await Promise.all(sockets.map((socket) => socket.caughtUp()));
  await server.append(room, "pushed");
  await server.append(room, new Uint8Array(70_000).fill(66));
  for (const socket of sockets) {
    await socket.until(() => socket.entries().length >= 3);
    const texts = [utf8Encode("from the store"), utf8Encode("pushed")];
    const expected = [...texts, new Uint8Array(70_000).fill(66)].map(frameEntry);
    const entries = socket.messages.filter((_, at) => socket.frames[at]?.type === "entry");
    expect(entries.map((message) => new Uint8Array(message))).toEqual(expected);
    await socket.close();
  }
});

test("R-011 a Welcome reaches a connected client at once, and its room after it is acknowledged", async () => {
  await using server = await StreamServer.open();
  const room = server.room();
  const bob = server.device("bob");
  const socket = await bob.connect();
  await socket.caughtUp();
  const position = await server.append(room, "adds bob", true);
  const inbox = await server.database.transaction(async (tx) => {
    const at = await server.welcomeIn(tx, bob, room, position);
    await server.queuing.subscribe(tx, {
      client: bob.client,
      room,
      after: position,
      awaitsInbox: at,
    });
    return at;
  });
  await server.append(room, "hello bob");
  await socket.until(() => socket.inboxEntries().length >= 1);
  const [welcome] = socket.inboxEntries();
  const at = socket.frames.findIndex(({ type }) => type === "inboxEntry");
  expect(new Uint8Array(socket.messages[at] ?? [])).toEqual(
    frameInboxEntry(welcome ?? new Uint8Array()),
  );
  socket.send({ type: "acknowledge", cursors: [{ stream: bob.client, position: inbox }] });
  await socket.until(() => socket.entries().length >= 1);
  await server.append(room, "still there?");
  await socket.until(() => socket.entries().length >= 2);
  expect(socket.entries().map(decodeText)).toEqual(["hello bob", "still there?"]);
  await socket.close();
});

test("an acknowledgement over HTTP lets a room through to the socket, too", async () => {
  await using server = await StreamServer.open();
  const room = server.room();
  const bob = server.device("bob");
  const position = await server.append(room, "adds bob", true);
  const inbox = await server.welcome(bob, room, position);
  await server.subscribe(bob, room, position, inbox);
  await server.append(room, "hello bob");
  const socket = await bob.connect();
  await socket.caughtUp();
  expect(socket.entries()).toEqual([]);
  await bob.acknowledge([{ stream: bob.client, position: inbox }]);
  await socket.until(() => socket.entries().length >= 1);
  await socket.close();
});

test("a removed client gets the removing entry as its last, though more is committed with it", async () => {
  await using server = await StreamServer.open();
  const room = server.room();
  const [alice, bob] = [server.device("alice"), server.device("bob")];
  for (const device of [alice, bob]) await server.subscribe(device, room);
  const sockets = [await alice.connect(), await bob.connect()] as const;
  await Promise.all(sockets.map((socket) => socket.caughtUp()));
  const [ofAlice, ofBob] = sockets;
  // All in one group commit, the end of the subscription named before its last entry exists.
  const client = alice.client;
  await Promise.all([
    server.append(room, "before"),
    server.database.transaction(async (tx) => {
      await server.queuing.unsubscribe(tx, { client, room, upTo: 2 });
      await server.appendIn(tx, room, "removes alice", true);
      await server.appendIn(tx, room, "not for alice");
    }),
    server.append(room, "nor this"),
  ]);
  await ofBob.until(() => ofBob.entries().length >= 4);
  await server.append(await subscribedRoom(server, alice), "sign");
  await ofAlice.until(() => ofAlice.entries().some((entry) => decodeText(entry) === "sign"));
  expect(ofAlice.entries().map(decodeText)).toEqual(["before", "removes alice", "sign"]);
  for (const socket of sockets) await socket.close();
});

test("what a client submits is answered once it is durable, and echoed", async () => {
  await using server = await StreamServer.open();
  const room = server.room();
  const alice = server.device();
  await server.subscribe(alice, room);
  const socket = await alice.connect();
  await socket.caughtUp();
  for (const [index, text] of ["a", "b", "c"].entries()) {
    const type = index === 1 ? "update" : "submit";
    socket.send({ type, requestId: 10 + index, room, request: utf8Encode(text) });
  }
  await socket.until(() => socket.count("submitted") + socket.count("updated") >= 3);
  await socket.until(() => socket.entries().length >= 3);
  const answers = socket.frames.flatMap((frame) =>
    frame.type === "submitted" || frame.type === "updated"
      ? [[frame.type, frame.requestId, utf8Decode(frame.response)]]
      : [],
  );
  expect(answers).toEqual([
    ["submitted", 10, "1"],
    ["updated", 11, "2"],
    ["submitted", 12, "3"],
  ]);
  expect(socket.entries().map(decodeText)).toEqual(["a", "b", "c"]);
  await socket.close();
});

test("a refused submission is answered with what to do, a failed one without telling why", async () => {
  await using server = await StreamServer.open();
  const room = server.room();
  const socket = await server.device().connect();
  const send = (requestId: number, text: string) =>
    socket.send({ type: "submit", requestId, room, request: utf8Encode(text) });
  send(1, "refuse:wrongEpoch");
  send(2, "fail");
  await socket.until(() => socket.count("refused") >= 2);
  expect(socket.frames.filter(({ type }) => type === "refused")).toMatchObject([
    { requestId: 1, code: "wrongEpoch", detail: "As asked.", currentEpoch: 7, retryAfterMs: 9 },
    { requestId: 2, code: "internal", retryAfterMs: undefined },
  ]);
  expect(socket.messages.map((message) => Buffer.from(message).toString()).join("")).not.toContain(
    "secret",
  );
  expect(server.logLines.join("")).toContain("frameFailed");
  await socket.close();
});

test("a client that cannot keep up reads from the store again, and gets everything once", async () => {
  await using server = await StreamServer.open();
  const room = server.room();
  const [slow, quick] = [server.device("slow"), server.device("quick")];
  for (const device of [slow, quick]) await server.subscribe(device, room);
  const [ofSlow, ofQuick] = [await slow.connect(), await quick.connect()];
  await Promise.all([ofSlow.caughtUp(), ofQuick.caughtUp()]);
  ofSlow.raw.pause();
  const total = 400;
  const texts = Array.from({ length: total }, (_, index) => `${index}`.padEnd(60_000, " "));
  await Promise.all(texts.map((text) => server.append(room, text)));
  await ofQuick.until(() => ofQuick.entries().length >= total);
  expect(ofSlow.entries().length).toBeLessThan(total);
  expect(await server.metric("treehouse_realtime_fallbacks_total")).toBeGreaterThan(0);
  ofSlow.raw.resume();
  await ofSlow.until(() => ofSlow.entries().length >= total);
  await server.append(room, "live again");
  await ofSlow.until(() => ofSlow.entries().length >= total + 1);
  const expected = [...Array.from({ length: total }, (_, index) => `${index}`), "live again"];
  for (const socket of [ofSlow, ofQuick]) {
    if (socket === ofQuick) await socket.until(() => socket.entries().length >= total + 1);
    expect(socket.entries().map((entry) => decodeText(entry).trimEnd())).toEqual(expected);
    await socket.close();
  }
});

test("FED-205 an ephemeral entry is for who is connected, takes no position and is not kept", async () => {
  await using server = await StreamServer.open();
  const room = server.room();
  const alice = server.device();
  await server.subscribe(alice, room);
  await server.append(room, "kept");
  const socket = await alice.connect();
  await socket.caughtUp();
  server.queuing.pass(room, utf8Encode("typing"));
  await server.append(room, "kept, too");
  await socket.until(() => socket.entries().length >= 3);
  expect(socket.entries().map(decodeText)).toEqual(["kept", "typing", "kept, too"]);
  await socket.close();
  const again = await alice.connect();
  await again.caughtUp();
  expect(again.entries().map(decodeText)).toEqual(["kept", "kept, too"]);
  await again.close();
});

test("FED-858 a socket that does not drain is spared what is ephemeral, and gets what is kept", async () => {
  await using server = await StreamServer.open();
  const room = server.room();
  const alice = server.device();
  await server.subscribe(alice, room);
  const socket = await alice.connect();
  await socket.caughtUp();
  socket.raw.pause();
  const leftOut = () => server.metric("treehouse_realtime_ephemeral_left_out_total");
  let rounds = 0;
  // What stands in the kernel's buffers counts for nothing: they must be full first.
  for (; (await leftOut()) === 0; rounds += 1) {
    for (let count = 0; count < 20; count += 1) {
      await server.append(room, new Uint8Array(20 * 1024));
    }
    server.queuing.pass(room, utf8Encode("typing"));
  }
  socket.raw.resume();
  const kept = () => socket.entries().filter((bytes) => bytes.length > 1_000).length;
  await socket.until(() => kept() === 20 * rounds);
  expect(await leftOut()).toBe(1);
  expect(socket.entries().length - kept()).toBe(rounds - 1);
  await socket.close();
});

/** A fresh room that the device reads live, to see that nothing else is on its way. */
async function subscribedRoom(server: StreamServer, device: ReturnType<StreamServer["device"]>) {
  const room = server.room();
  await server.subscribe(device, room);
  return room;
}
