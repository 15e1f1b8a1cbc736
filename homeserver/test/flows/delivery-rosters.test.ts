import { TOMBSTONE_REASONS, tombstoneFor } from "@treehouse/protocol";
import type { EntryDelivery, EventsResponse } from "@treehouse/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { backUp, settle } from "../delivery/backed-up.ts";
import { rejoin } from "../delivery/external.ts";
import { enrolPerson } from "../delivery/person.ts";
import { startPair } from "../delivery/pair.ts";
import type { Pair } from "../delivery/pair.ts";
import type { Person } from "../delivery/person.ts";
import type { Seat } from "../delivery/seat.ts";
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

/** Alice adds somebody of her own server. */
async function add(a: Seat, name: string): Promise<Person> {
  const person = await enrolPerson(servers.hub, name);
  await a.commit({ add: [await person.keyPackage()] });
  return person;
}

async function positions(server: "hub" | "follower", { room }: Seat): Promise<readonly number[]> {
  const { database, queuing } = servers[server];
  const { entries } = await database.read((tx) => queuing.readLog(tx, room, { after: 0 }));
  return entries.map(({ position }) => position);
}

async function roster({ room }: Seat): Promise<readonly string[]> {
  const { database } = servers.follower;
  return database.read(async (tx) => {
    const { $client } = database.sql(tx);
    const statement = $client
      .prepare<[string], string>(
        `SELECT m.client FROM delivery_followed_members m
         JOIN delivery_followed f ON f.id = m.room_id WHERE f.room = ? ORDER BY m.leaf`,
      )
      .pluck();
    return statement.all(room);
  });
}

/** Until nothing more happens by itself. */
async function quiet(): Promise<void> {
  for (let turn = 0; turn < 300; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function forget(server: "hub" | "follower", { room }: Seat, upTo: number): Promise<void> {
  const { database } = servers[server];
  await database.transaction(async (tx) => {
    const { $client } = database.sql(tx);
    $client
      .prepare(
        `DELETE FROM queuing_entries WHERE position <= ?
         AND stream = (SELECT id FROM queuing_streams WHERE name = ?)`,
      )
      .run(upTo, room);
  });
}

test("FED-949 FED-951 a follower that missed a commit for good asks who is in the room", async () => {
  const [a, b] = await pair.openRoom();
  const carol = await add(a, "carol");
  const dave = await add(a, "dave");
  const erin = await add(a, "erin");
  await a.say("hello");
  // All of it was given up on its way, and the first commit is gone at the hub too.
  await forget("hub", a, 2);
  await servers.deliver(servers.outbox.splice(0).map(deliveryOf).slice(-1));
  await quiet();
  expect(servers.follower.faults).toEqual([]);
  expect(await positions("follower", a)).toEqual([1, 3, 4, 5]);
  const all = [alice, bob, carol, dave, erin].map(({ client }) => client);
  expect(await roster(a)).toEqual(all);
  expect(b.person.client).toBe(bob.client);
});

test("FED-949 FED-951 the roster is that after the commit that does not fit, and the next ones change it", async () => {
  const [a] = await pair.openRoom();
  await add(a, "carol");
  const dave = await add(a, "dave");
  await forget("hub", a, 2);
  const asked: EventsResponse[] = [];
  servers.answered = (events) => {
    asked.push(events);
    return events;
  };
  await a.commit({ remove: [a.group.members().find((m) => m.client === dave.client)?.leaf ?? 0] });
  await servers.deliver(servers.outbox.splice(0).map(deliveryOf).slice(-1));
  await quiet();
  expect(asked.map(({ introduction }) => introduction?.roster.length)).toEqual([undefined, 4]);
  expect(await roster(a)).toHaveLength(3);
});

test("FED-949 FED-951 a commit in whose place a tombstone came is made up for", async () => {
  const [a] = await pair.openRoom();
  const carol = await add(a, "carol");
  const [item] = servers.outbox.splice(0).map(deliveryOf);
  if (item === undefined) throw new Error();
  expect(await servers.deliver([buried(item)])).toEqual([]);
  expect(await roster(a)).toHaveLength(2);
  const dave = await add(a, "dave");
  await a.say("hello");
  await servers.flush();
  await quiet();
  expect(servers.follower.faults).toEqual([]);
  expect(await positions("follower", a)).toEqual([1, 2, 3, 4]);
  expect(await roster(a)).toEqual([alice, bob, carol, dave].map(({ client }) => client));
});

test("FED-949 FED-957 a follower with a forgotten commit is introduced although it is behind", async () => {
  const [a, b] = await pair.openRoom();
  const restore = await backUp(pair);
  await add(a, "carol");
  await servers.flush();
  await restore();
  servers.told = (events) => ({ ...events, entries: [] });
  await settle(servers);
  const { seat } = await rejoin(b);
  await seat.say("after");
  // The step and the commit with the introduction are lost on their way.
  servers.outbox.splice(0);
  const head = await servers.hub.delivery.hosted.signedHead(a.room);
  await servers.deliver([], head === undefined ? [] : [head]);
  await quiet();
  expect(servers.follower.faults).toEqual([]);
  expect((await positions("follower", a)).slice(-3)).toEqual((await positions("hub", a)).slice(-3));
  expect(await roster(a)).toEqual([alice, bob].map(({ client }) => client));
});

test("FED-952 a commit that not even its introduction fits stops the room", async () => {
  const [a] = await pair.openRoom();
  await add(a, "carol");
  await add(a, "dave");
  await forget("hub", a, 2);
  let asked = 0;
  servers.answered = (events) => {
    asked += 1;
    const { introduction } = events;
    const shorter = introduction && { ...introduction, roster: introduction.roster.slice(1) };
    return { ...events, introduction: shorter };
  };
  await servers.deliver(servers.outbox.splice(0).map(deliveryOf).slice(-1));
  await quiet();
  expect(asked).toBe(2);
  expect(servers.follower.faults.join()).toContain("rosterInvalid");
  expect(await positions("follower", a)).toEqual([1]);
  // Once an operator has looked it goes on, with the roster that the hub tells now.
  servers.answered = (events) => events;
  await servers.thaw(a.room);
  await quiet();
  expect(await positions("follower", a)).toEqual([1, 3]);
  expect(await roster(a)).toHaveLength(4);
});

/** The tombstone that a hub sends for an entry that its receiver does not take. */
function buried(delivery: EntryDelivery): EntryDelivery {
  const bytes = tombstoneFor(delivery.entry, TOMBSTONE_REASONS.rejected);
  return {
    entry: bytes,
    head: undefined,
    groupInfo: undefined,
    welcomes: [],
    introduction: undefined,
  };
}
