import { createGroup } from "@treehouse/mls/member";
import { registerGroup } from "@treehouse/mls/public";
import { Refusal } from "@treehouse/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  createRoomCache,
  hostedRoom,
  type HostedRoom,
  type RoomCache,
} from "../../src/delivery/room/index.ts";
import { createSqliteStore } from "../../src/delivery/store.sqlite.ts";
import { ratchetTreeOf } from "../../src/delivery/reading/index.ts";
import { enrolPerson, type Person } from "../delivery/person.ts";
import { type Rig, startRig } from "../delivery/rig.ts";
import { foundRoom, groupState, openRoom, reserve } from "../delivery/rooms.ts";

let rig: Rig;
let alice: Person;

beforeAll(async () => {
  rig = await startRig();
  alice = await enrolPerson(rig, "alice");
});

afterAll(async () => {
  await rig[Symbol.asyncDispose]();
});

function newCache(leavesMax: number): RoomCache {
  const { crypto, database } = rig;
  return createRoomCache({ crypto, database, store: createSqliteStore(database), leavesMax });
}

async function newRoom(id: number): Promise<HostedRoom> {
  const names = await reserve(alice);
  const { groupInfo, ratchetTree } = await createGroup(alice.context, alice.identity, {
    group: names.group,
    roomState: groupState(alice),
    hubKey: names.hubKey,
    hubDomain: rig.domain,
  });
  const { crypto } = rig;
  const group = await registerGroup({ crypto }, { groupInfo, ratchetTree, at: rig.env.now() });
  return hostedRoom({
    id,
    room: names.room,
    generation: 0,
    term: 1,
    termSince: 0,
    hubKey: { privateKey: names.hubKey, publicKey: names.hubKey },
    revision: 1,
    group,
    removals: new Set(),
    held: new Set(),
    starts: [{ epoch: 0, startedAt: 0, entered: false }],
    unsettled: [],
    reports: [],
    voids: [],
  });
}

test("the rooms unused for longest are forgotten beyond the bound", async () => {
  // Of one leaf each, and what a room takes itself.
  const cache = newCache(2 * 31);
  const [first, second, third] = [await newRoom(1), await newRoom(2), await newRoom(3)];
  cache.put(first);
  cache.put(second);
  expect(await cache.get(first.room)).toBe(first);
  cache.put(third);
  expect(await cache.get(first.room)).toBe(first);
  expect(await cache.get(third.room)).toBe(third);
  await expect(cache.get(second.room)).rejects.toEqual(
    new Refusal("unknownRoom", "No such room is hosted here."),
  );
});

test("an older form of a room never takes the place of a newer one", async () => {
  const cache = newCache(99);
  const old = await newRoom(1);
  const young = { ...old, revision: 2 };
  cache.put(young);
  cache.put(old);
  expect(await cache.get(old.room)).toBe(young);
  cache.drop(old);
  expect(await cache.get(old.room)).toBe(young);
  cache.drop(young);
  await expect(cache.get(old.room)).rejects.toMatchObject({ code: "unknownRoom" });
});

test("a room that many ask for at once is read once, as it stands in the database", async () => {
  const cache = newCache(99);
  const { room, group } = await foundRoom(alice);
  const rooms = await Promise.all([1, 2, 3].map(async () => cache.get(room)));
  expect(new Set(rooms).size).toBe(1);
  expect(rooms[0]?.group.treeHash).toEqual(group.treeHash());
  expect(rooms[0]?.leafOf.get(alice.client)).toBe(0);
});

test("a tree from the stored nodes is the group's own, octet for octet", async () => {
  const people = await Promise.all(["bob", "carol", "dave", "eve"].map((n) => enrolPerson(rig, n)));
  const { first, rest } = await openRoom(alice, people);
  const leaving = rest[3];
  if (leaving === undefined) throw new Error("no fifth member");
  await first.commit({ remove: [leaving.group.ownLeaf] });
  const store = createSqliteStore(rig.database);
  const stored = await rig.database.read((tx) => store.room(tx, first.room));
  if (stored === undefined) throw new Error("no room");
  expect(ratchetTreeOf(stored)).toEqual(first.group.ratchetTree());
});
