import { decodeEntry, encodeEntry, parseDomain, Refusal } from "@treehouse/protocol";
import type { RoomUri, SignedHead } from "@treehouse/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { enrolPerson } from "../delivery/person.ts";
import { startPair } from "../delivery/pair.ts";
import type { Pair } from "../delivery/pair.ts";
import type { Person } from "../delivery/person.ts";
import { foundRoom, readInbox } from "../delivery/rooms.ts";
import type { Seat } from "../delivery/seat.ts";
import { signedHeadOf } from "../delivery/signed-head.ts";
import { deliveryOf } from "../delivery/two-servers.ts";
import type { TwoServers } from "../delivery/two-servers.ts";

let pair: Pair;
let servers: TwoServers;
let alice: Person;
let bob: Person;

beforeEach(async () => {
  pair = await startPair();
  ({ servers, alice, bob } = pair);
});

afterEach(() => pair[Symbol.asyncDispose]());

const signed = (room: RoomUri, changes: Partial<SignedHead["head"]>): Promise<SignedHead> =>
  signedHeadOf(servers.hub, room, changes);

async function headAt(room: RoomUri) {
  const { database, queuing } = servers.follower;
  return (await database.read((tx) => queuing.readLog(tx, room, { after: 0 }))).head;
}

/** Until nothing more happens by itself. */
async function quiet(): Promise<void> {
  for (let turn = 0; turn < 200; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test("FED-951 a hub that always says there is more is asked once each time that it says so", async () => {
  const [a] = await pair.openRoom();
  const ahead = await signed(a.room, { position: 1_000 });
  let asked = 0;
  servers.answered = (events) => {
    asked += 1;
    return { ...events, last: 1, entries: [], head: ahead };
  };
  await servers.deliver([], [ahead]);
  await quiet();
  expect(asked).toBe(1);
  expect(await headAt(a.room)).toBe(1);
});

test("FED-951 whoever has nothing for us any more is not asked for ever", async () => {
  const [a] = await pair.openRoom();
  for (const code of ["notMember", "unknownRoom"] as const) {
    let asked = 0;
    servers.answered = () => {
      asked += 1;
      throw new Refusal(code, "not any more");
    };
    await servers.deliver([], [await signed(a.room, { position: 50 + code.length })]);
    for (let turn = 0; turn < 5; turn += 1) {
      await quiet();
      servers.follower.fireTimers();
    }
    expect(asked).toBe(1);
  }
  servers.answered = (events) => events;
  await a.say("one");
  await servers.flush();
  expect(await headAt(a.room)).toBe(2);
});

test("FED-951 FED-952 what contradicts itself is not passed over: it comes when the operator has looked", async () => {
  const [a] = await pair.openRoom();
  for (const text of ["one", "two", "three"]) await a.say(text);
  const items = servers.outbox.splice(0).map(deliveryOf);
  servers.answered = (events) => ({
    ...events,
    entries: events.entries.map((bytes) => {
      const entry = decodeEntry(bytes);
      return encodeEntry({ ...entry, previous: new Uint8Array(32).fill(entry.position) });
    }),
  });
  await servers.deliver(items.slice(-1));
  await quiet();
  expect(servers.follower.faults.join()).toContain("hubForked");
  expect(await headAt(a.room)).toBe(1);
  servers.answered = (events) => events;
  await servers.thaw(a.room);
  await servers.follower.delivery.close();
  expect(await headAt(a.room)).toBe(4);
});

test("FED-935 a hub that takes its time does not keep other hubs' rooms waiting", async () => {
  const rooms: Seat[] = [];
  for (let count = 0; count < 10; count += 1) rooms.push((await pair.openRoom())[0]);
  let asked = 0;
  servers.answered = (events) => {
    asked += 1;
    return new Promise((resolve) => servers.follower.env.timer(10_000, () => resolve(events)));
  };
  const heads = await Promise.all(rooms.map(({ room }) => signed(room, { position: 9 })));
  await servers.deliver([], heads);
  await quiet();
  expect(asked).toBe(4);
  for (let turn = 0; turn < 9; turn += 1) {
    servers.follower.fireTimers();
    await quiet();
  }
  expect(asked).toBe(10);
});

test("FED-947 a hub that cannot be reached is asked for one of its rooms, and spoken of once", async () => {
  const rooms: Seat[] = [];
  for (let count = 0; count < 6; count += 1) rooms.push((await pair.openRoom())[0]);
  for (const room of rooms) await room.say("missed");
  servers.outbox.splice(0);
  let asked = 0;
  servers.answered = () => {
    asked += 1;
    throw new Refusal("peerUnreachable", "away");
  };
  const heads = await Promise.all(rooms.map(({ room }) => signed(room, {})));
  await servers.deliver([], heads);
  await quiet();
  const first = asked;
  expect(first).toBeLessThanOrEqual(4);
  for (let turn = 1; turn <= 3; turn += 1) {
    servers.follower.fireTimers();
    await quiet();
    expect(asked).toBe(first + turn);
  }
  expect(servers.follower.warnings).toEqual(["backfillFailed"]);
  servers.answered = (events) => events;
  servers.follower.fireTimers();
  await quiet();
  expect(await Promise.all(rooms.map(({ room }) => headAt(room)))).toEqual(rooms.map(() => 2));
});

test("FED-211 two signed heads for one place prove a fork before the log here has come so far", async () => {
  const [a] = await pair.openRoom();
  const heads = await Promise.all(
    [7, 8].map((fill) => signed(a.room, { position: 9, hash: new Uint8Array(32).fill(fill) })),
  );
  servers.answered = (events) => ({ ...events, entries: [], last: 1, head: undefined });
  await servers.deliver([], heads.slice(0, 1));
  expect(servers.follower.faults).toEqual([]);
  await servers.deliver([], heads.slice(1));
  expect(servers.follower.faults.join()).toContain("hubForked");
});

test("FED-211 two signed heads of one entry that tell of different trees prove a fork", async () => {
  const [a] = await pair.openRoom();
  await servers.deliver([], [await signed(a.room, {})]);
  expect(servers.follower.faults).toEqual([]);
  await servers.deliver([], [await signed(a.room, { treeHash: new Uint8Array(32).fill(7) })]);
  expect(servers.follower.faults.join()).toContain("hubForked");
});

test("FED-955 FED-956 once a head has raised the term, an entry of before is stale unless asked for", async () => {
  const [a] = await pair.openRoom();
  await a.say("one");
  const items = servers.outbox.splice(0).map(deliveryOf);
  servers.cut = true;
  await servers.deliver([], [await signed(a.room, { term: 2, position: 1_000 })]);
  expect(await servers.deliver(items)).toEqual(["staleTerm"]);
  expect(await headAt(a.room)).toBe(1);
  servers.cut = false;
  servers.follower.fireTimers();
  await quiet();
  expect(await headAt(a.room)).toBe(2);
});

test("FED-952 an entry at a place for which another was signed stops the room", async () => {
  const [a] = await pair.openRoom();
  const other = await signed(a.room, { position: 3, hash: new Uint8Array(32).fill(7) });
  servers.answered = (events) => ({ ...events, entries: [], last: 1, head: undefined });
  await servers.deliver([], [other]);
  for (const text of ["one", "two", "three"]) await a.say(text);
  const items = servers.outbox.splice(0).map(deliveryOf);
  expect(await servers.deliver(items)).toEqual(["conflict", "conflict"]);
  expect(await headAt(a.room)).toBe(2);
  // Once an operator has looked, the head that was the lie is forgotten.
  servers.answered = (events) => events;
  await servers.thaw(a.room);
  await servers.follower.delivery.close();
  expect(await headAt(a.room)).toBe(4);
});

test("FED-935 a server that does not answer for its user keeps nobody in the room waiting", async () => {
  const [a, b] = await pair.openRoom();
  const answers: (() => void)[] = [];
  servers.asking = () => new Promise((resolve) => answers.push(resolve));
  const renewal = b.update(b.bundle(await b.prepare({})));
  while (answers.length === 0) await quiet();
  const carol = await enrolPerson(servers.hub, "carol");
  await a.commit({ add: [await carol.keyPackage()] });
  for (const answer of answers) answer();
  expect((await renewal).refusal?.code).toBe("wrongEpoch");
});

test("FED-955 a hub of an earlier term does not introduce a room again", async () => {
  const [a, b] = await pair.openRoom();
  await a.commit({ remove: [b.group.ownLeaf] });
  await servers.flush();
  await a.say("between");
  await a.commit({ add: [await pair.handOut(bob, a.room)] });
  const [item] = servers.outbox.splice(0).map(deliveryOf);
  if (item === undefined) throw new Error();
  const stale = encodeEntry({ ...decodeEntry(item.entry), term: 0 });
  const before = await servers.follower.contents();
  expect(await servers.deliver([{ ...item, head: undefined, entry: stale }])).toEqual([
    "staleTerm",
  ]);
  expect(await servers.follower.contents()).toBe(before);
  expect(await servers.deliver([item])).toEqual([]);
});

test("FED-951 a hub that always has one entry more does not hold up the end of a server", async () => {
  const [a] = await pair.openRoom();
  const asked: number[] = [];
  servers.answered = async (events) => {
    asked.push(events.last);
    await a.say(`more ${asked.length}`);
    const position = (events.head?.head.position ?? 0) + 1;
    return { ...events, head: await signed(a.room, { position: position + 1_000 }) };
  };
  await a.say("one");
  await servers.deliver([], [await signed(a.room, {})]);
  while (asked.length < 3) await quiet();
  await servers.follower.delivery.close();
  const before = asked.length;
  await quiet();
  expect(asked).toHaveLength(before);
});

test("FED-124 FED-949 nobody introduces a room of another server", async () => {
  const a = await foundRoom(alice);
  await a.commit({ add: [await pair.handOut(bob, a.room)] });
  const items = servers.outbox.splice(0).map(deliveryOf);
  const thief = parseDomain("thief.example");
  expect(await servers.deliver(items, [], thief)).toEqual(["notHub"]);
  expect(await readInbox(bob)).toEqual([]);
  expect(await servers.deliver(items)).toEqual([]);
  expect(await readInbox(bob)).toHaveLength(1);
});

test("FED-935 FED-952 no signature is checked under heads that could change nothing", async () => {
  const [a] = await pair.openRoom();
  await a.say("one");
  await servers.flush();
  const { followed } = servers.follower.delivery;
  const checkedOf = async (heads: readonly SignedHead[], from = servers.hub.domain) =>
    (await followed.prepare(from, { items: [], heads })).heads.length;
  const now = await signed(a.room, {});
  const next = await signed(a.room, { position: 9 });
  const others = await Promise.all([
    signed(a.room, { position: 1 }),
    signed(a.room, { position: 1, hash: new Uint8Array(32) }),
    signed(a.room, { term: 0 }),
  ]);
  // Of somebody who is not the hub; of a room that nobody here is in.
  expect(await checkedOf([now, next, ...others], parseDomain("thief.example"))).toBe(0);
  expect(await checkedOf([await signed((await foundRoom(alice)).room, {})])).toBe(0);
  // The same again and again, what is known, and what lies behind.
  expect(await checkedOf([now, now, next, next])).toBe(2);
  await servers.deliver([], [now]);
  expect(await checkedOf([now, ...others])).toBe(0);
  expect(await checkedOf([await signed(a.room, { hash: new Uint8Array(32) })])).toBe(1);
});

test("FED-929 a server counts as one in the room while its users have a leaf there", async () => {
  const [a, b] = await pair.openRoom();
  const { hosted } = servers.hub.delivery;
  const { domain } = servers.follower;
  await hosted.checkFollowedBy(domain, a.room);
  const notMember = { code: "notMember" };
  const thief = parseDomain("thief.example");
  await expect(hosted.checkFollowedBy(thief, a.room)).rejects.toMatchObject(notMember);
  await a.commit({ remove: [b.group.ownLeaf] });
  await expect(hosted.checkFollowedBy(domain, a.room)).rejects.toMatchObject(notMember);

  await expect(
    servers.follower.delivery.hosted.checkFollowedBy(servers.hub.domain, a.room),
  ).rejects.toMatchObject({ code: "unknownRoom" });
});
