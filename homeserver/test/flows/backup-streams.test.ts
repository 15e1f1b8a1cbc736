import { equalBytes, signedHeadCodec } from "@treehouse/protocol";
import type { ServerFrame } from "@treehouse/protocol";
import { expect, test } from "vitest";
import { decodeText, lines, pageOf, positionsLeft } from "../streams/reading.ts";
import { StreamServer } from "../streams/stream-server.ts";

const far = 2 ** 32;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** What a client is told besides entries, and where among them. */
function story(frames: readonly ServerFrame[]): readonly unknown[] {
  return frames.flatMap((frame): readonly unknown[] => {
    if (frame.type === "entry") return [decodeText(frame.entry)];
    if (frame.type === "gap") return [[frame.from, frame.to, frame.reason]];
    return frame.type === "head" ? [["head", frame.head.head.term]] : [];
  });
}

test("FED-416 whoever is level when a room jumps is told of it before anything else of the room", async () => {
  await using server = await StreamServer.open();
  const room = server.room();
  const alice = server.device();
  await server.subscribe(alice, room);
  for (const text of ["m1", "m2"]) await server.append(room, text);
  const socket = await alice.connect();
  await socket.caughtUp();
  const head = await server.jump(room, far + 2);
  expect(await server.append(room, "after")).toBe(far + 3);
  await socket.until(() => socket.entries().length === 3);
  expect(story(socket.frames)).toEqual([
    "m1",
    "m2",
    ["head", 2],
    [3, far + 2, "restored"],
    "after",
  ]);
  const sent = socket.frames.find((frame) => frame.type === "head");
  expect(sent !== undefined && equalBytes(signedHeadCodec.encode(sent.head), head)).toBe(true);
  // Live again, and nothing is told twice.
  await server.append(room, "live");
  await socket.until(() => socket.entries().length === 4);
  expect(socket.count("gap")).toBe(1);
  await socket.close();
});

test("FED-416 cursors before, within and behind a jump", async () => {
  await using server = await StreamServer.open();
  const room = server.room();
  const alice = server.device();
  await server.subscribe(alice, room);
  for (let turn = 1; turn <= 4; turn += 1) await server.append(room, `m${turn}`);
  await server.jump(room, far);
  await server.append(room, "after");
  const { incarnation } = server.queuing;
  const read = async (position: number) => {
    const socket = await alice.connect([{ stream: room, position }], incarnation);
    await socket.caughtUp();
    await socket.close();
    expect(socket.count("refused")).toBe(0);
    return story(socket.frames);
  };
  const gap = [
    ["head", 2],
    [5, far, "restored"],
  ];
  expect(await read(2)).toEqual(["m3", "m4", ...gap, "after"]);
  expect(await read(4)).toEqual([...gap, "after"]);
  // A client that had seven entries in the life that was lost learns which of them were forgotten.
  expect(await read(7)).toEqual([...gap, "after"]);
  expect(await read(far)).toEqual(["after"]);
  expect(await read(far + 1)).toEqual([]);
});

test("FED-416 a jump is told in full length however many there are, and after a restart", async () => {
  await using first = await StreamServer.open();
  const room = first.room();
  const alice = first.device();
  await first.subscribe(alice, room);
  await first.append(room, "m1");
  await first.jump(room, far);
  await first.append(room, "m2");
  await first.jump(room, 2 * far, 3);
  await first.jump(room, far, 4);
  await first.append(room, "m3");
  await using server = await first.crash();
  const socket = await server.again(alice).connect();
  await socket.caughtUp();
  expect(story(socket.frames)).toEqual([
    "m1",
    ["head", 2],
    [2, far, "restored"],
    "m2",
    ["head", 3],
    [far + 2, 2 * far, "restored"],
    "m3",
  ]);
  await socket.close();
});

test("FED-416 a follower's jump begins where the hub's memory ends, also when some of it has expired", async () => {
  await using server = await StreamServer.open();
  const room = server.room();
  const alice = server.device();
  await server.subscribe(alice, room);
  for (const text of ["m1", "m2"]) await server.append(room, text);
  await server.append(room, "commit", true);
  await server.append(room, "m4");
  await server.jump(room, far, 2, 1);
  await server.append(room, "after");
  const read = async (position: number) => {
    const cursors = [{ stream: room, position }];
    const socket = await alice.connect(cursors, server.queuing.incarnation);
    await socket.caughtUp();
    await socket.close();
    return story(socket.frames);
  };
  const gap = [["head", 2], [2, far, "restored"], "after"];
  expect(await read(1)).toEqual(["m2", "commit", "m4", ...gap]);
  expect(await read(4)).toEqual(gap);
});

test("a client that the server thinks to be ahead gets the gap once the room has jumped", async () => {
  await using server = await StreamServer.open();
  const room = server.room();
  const alice = server.device();
  await server.subscribe(alice, room);
  await server.append(room, "m1");
  const socket = await alice.connect([{ stream: room, position: 9 }], server.queuing.incarnation);
  await socket.caughtUp();
  expect(socket.count("refused")).toBe(1);
  expect(await server.metric("treehouse_realtime_cursors_ahead_total")).toBe(1);
  await server.jump(room, far);
  await socket.until(() => socket.count("gap") === 1);
  expect(story(socket.frames)).toEqual(["m1", ["head", 2], [2, far, "restored"]]);
  await socket.close();
});

test("retention over a jump: nothing that is unread goes early, and the jump is told for good", async () => {
  await using server = await StreamServer.open();
  const room = server.room();
  const [alice, bob] = [server.device("alice"), server.device("bob")];
  for (const device of [alice, bob]) await server.subscribe(device, room);
  for (const text of ["m1", "m2", "m3"]) await server.append(room, text);
  await alice.acknowledge([{ stream: room, position: 2 }]);
  server.clock.advance(HOUR);
  await server.jump(room, far);
  for (const text of ["n1", "n2"]) await server.append(room, text);
  await bob.acknowledge([{ stream: room, position: far + 2 }]);
  await server.queuing.flush();
  server.clock.advance(49 * HOUR);
  await server.queuing.retain();
  expect(lines(await pageOf(alice, room, { after: 2, limit: 256 }))).toEqual(["m3", "n1", "n2"]);
  await alice.acknowledge([{ stream: room, position: far + 1 }]);
  await server.queuing.flush();
  server.clock.advance(HOUR);
  await server.queuing.retain();
  expect(await positionsLeft(server.database, room)).toContain(far + 2);
  expect(await positionsLeft(server.database, room)).not.toContain(far + 1);
  server.clock.advance(31 * DAY);
  await server.queuing.retain();
  await server.queuing.retain();
  expect(await positionsLeft(server.database, room)).toEqual([]);
  // Who comes back after a year still learns that the hub went back, and by which head.
  const { incarnation } = server.queuing;
  const socket = await alice.connect([{ stream: room, position: 1 }], incarnation);
  await socket.caughtUp();
  expect(story(socket.frames)).toEqual([
    [2, 3, "expired"],
    ["head", 2],
    [4, far, "restored"],
    [far + 1, far + 2, "expired"],
  ]);
  await socket.close();
});

test("Q12 a restore gives the streams another incarnation, and inboxes go on behind all they gave", async () => {
  await using first = await StreamServer.open({ limits: { inboxEntriesMax: 2 } });
  const room = first.room();
  const [alice, bob] = [first.device("alice"), first.device("bob")];
  const before = first.queuing.incarnation;
  for (let turn = 0; turn < 2; turn += 1) await first.welcome(alice, room);
  await first.welcome(bob, room);
  await bob.acknowledge([{ stream: bob.client, position: 1 }]);
  await first.queuing.flush();
  const positionMin = 5 * far;
  await first.database.transaction((tx) => first.queuing.restored(tx, { positionMin }));
  await using server = await first.restart();
  expect(equalBytes(server.queuing.incarnation, before)).toBe(false);
  expect(equalBytes(server.queuing.incarnation, first.queuing.incarnation)).toBe(true);
  // What was unread before does not count against what comes.
  expect(await server.welcome(alice, room)).toBe(positionMin + 1);
  expect(await server.welcome(bob, room)).toBe(positionMin + 1);
  const cursors = [{ stream: alice.client, position: 40 }];
  const socket = await server.again(alice).connect(cursors, before);
  await socket.caughtUp();
  expect(socket.inboxEntries()).toHaveLength(3);
  expect(story(socket.frames)).toEqual([[3, positionMin, "restored"]]);
  await socket.close();
});
