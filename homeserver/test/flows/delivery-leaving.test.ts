import {
  CAPABILITIES,
  ROLES,
  decodeRoomState,
  encodeRoomState,
  LIMITS,
  paths,
  roomsAnswerSchema,
  settle,
  roomView,
  updateRequestCodec,
  updateRoomResponseCodec,
} from "@treehouse/protocol";
import { joinExternal } from "@treehouse/mls/member";
import { afterAll, beforeAll, expect, test } from "vitest";
import { enrolPerson } from "../delivery/person.ts";
import type { Person } from "../delivery/person.ts";
import { startRig } from "../delivery/rig.ts";
import type { Rig } from "../delivery/rig.ts";
import { foundRoom, joinByWelcome, openPair, openTrio } from "../delivery/rooms.ts";
import { askGroupInfo, comeIn, rejoin } from "../delivery/external.ts";
import { Seat } from "../delivery/seat.ts";

let rig: Rig;
let alice: Person;
let bob: Person;
let carol: Person;
let dave: Person;

beforeAll(async () => {
  rig = await startRig();
  alice = await enrolPerson(rig, "alice");
  bob = await enrolPerson(rig, "bob");
  carol = await enrolPerson(rig, "carol");
  dave = await enrolPerson(rig, "dave");
});

afterAll(async () => {
  await rig[Symbol.asyncDispose]();
});

test("R-062 a member leaves: nothing more is taken from it, and a commit removes it", async () => {
  const [a, b, c] = await openTrio(alice, bob, carol);
  const left = await c.person.request("POST", paths.leave(c.room), {});
  expect(left.refusal).toBeUndefined();
  const again = await c.person.request("POST", paths.leave(c.room), {});
  expect(again.body).toEqual(left.body);
  expect((await c.submit(await c.seal("still here"))).refusal?.code).toBe(codes.removed);
  const own = c.bundle(await c.prepare({}));
  expect((await c.update(own)).refusal?.code).toBe(codes.removed);

  const stale = a.bundle(await a.prepare({}));
  const refused = await a.update(stale);
  expect(refused.refusal?.code).toBe("removalPending");
  expect(refused.refusal?.data.leaves).toEqual([c.group.ownLeaf]);
  // Application messages are not held up by what is pending.
  await a.say("meanwhile");
  await a.sync();
  await b.sync();
  expect(b.texts).toEqual(["meanwhile"]);
  expect(a.group.pendingRemovals).toEqual([c.group.ownLeaf]);
  await b.commit({});
  await a.sync();
  await c.sync();
  expect(c.group.active).toBe(false);
  expect(a.group.members().map(({ user }) => user)).toEqual([alice.user, bob.user]);
  expect(a.group.epochAuthenticator()).toEqual(b.group.epochAuthenticator());
  const after = await c.person.request("POST", paths.leave(c.room), {});
  expect(after.refusal?.code).toBe(codes.notMember);
});

test("an owner who leaves is succeeded, and the commit that removes them must say so", async () => {
  const [a, b, c] = await openTrio(alice, bob, carol);
  await alice.request("POST", paths.leave(a.room), {});
  await b.sync();
  const remove = [a.group.ownLeaf];
  const silent = await b.update(b.bundle(await b.prepare({ remove })));
  expect(silent.refusal?.code).toBe("invalidCommit");
  await b.group.discard();
  const roster = b.group.members().filter(({ leaf }) => leaf !== a.group.ownLeaf);
  const state = settle(roomView(decodeRoomState(b.group.roomState()), roster));
  if (state === undefined) throw new Error("nothing to settle");
  await b.commit({ remove, roomState: encodeRoomState(state) });
  await c.sync();
  expect(decodeRoomState(c.group.roomState()).assignments).toEqual([
    { user: bob.user, role: ROLES.owner },
  ]);
});

test("R-060 the last user who leaves ends the room, and its rows are gone", async () => {
  const [a, b] = await openPair(alice, bob);
  await bob.request("POST", paths.leave(a.room), {});
  const named = `room = '${a.room}'`;
  const id = Number(await countOf(rig, `SELECT id FROM delivery_rooms WHERE ${named}`));
  for (const table of ["delivery_heads", "delivery_nodes", "delivery_removals"]) {
    const rows = await countOf(rig, `SELECT count(*) FROM ${table} WHERE room_id = ${id}`);
    expect(rows).toBeGreaterThan(0);
  }
  const last = await alice.request("POST", paths.leave(a.room), {});
  expect(last.refusal).toBeUndefined();
  for (const seat of [a, b]) {
    const gone = await seat.person.request("POST", paths.leave(a.room), {});
    expect(gone.refusal?.code).toBe("unknownRoom");
    expect(await roomsOf(seat.person)).not.toContainEqual(
      expect.objectContaining({ room: a.room }),
    );
  }
  for (const table of roomTables) {
    expect(await countOf(rig, `SELECT count(*) FROM ${table} WHERE room_id = ${id}`)).toBe(0);
  }
});

async function propose(seat: Seat, leaf: number) {
  return updateRequestCodec.encode({
    kind: "proposal",
    proposals: [await seat.group.proposeRemoval(leaf, seat.aad())],
  });
}

test("FED-754 a room whose last member proposes its own removal ends", async () => {
  const [a, b] = await openPair(alice, bob);
  await bob.request("POST", paths.leave(a.room), {});
  await a.sync();
  const last = await a.update(await propose(a, a.group.ownLeaf));
  expect(last.refusal).toBeUndefined();
  for (const seat of [a, b]) {
    const gone = await seat.person.request("POST", paths.leave(a.room), {});
    expect(gone.refusal?.code).toBe("unknownRoom");
  }
});

test("FED-753 whoever may not leave cannot propose the removal of all own clients either", async () => {
  const a = await foundRoom(alice);
  const state = decodeRoomState(a.group.roomState());
  const roles = state.roles.map((role) => ({
    ...role,
    capabilities: role.capabilities.filter((each) => each !== CAPABILITIES.removeSelf),
  }));
  await a.commit({ roomState: encodeRoomState({ ...state, roles }) });
  await a.commit({ add: [await bob.keyPackage()] });
  const b = await joinByWelcome(bob, a.hubKey);
  const left = await bob.request("POST", paths.leave(a.room), {});
  expect(left.refusal?.code).toBe("notAllowed");
  const proposed = await b.update(await propose(b, b.group.ownLeaf));
  expect(proposed.refusal?.code).toBe("notAllowed");
  expect(proposed.refusal?.data).toEqual(left.refusal?.data);
});

test("a member proposes its own removal and nothing else", async () => {
  const [a, b] = await openPair(alice, bob);
  const foreign = await b.update(await propose(b, a.group.ownLeaf));
  expect(foreign.refusal?.code).toBe("notAllowed");
  const request = await propose(b, b.group.ownLeaf);
  const accepted = await b.update(request);
  expect(accepted.refusal).toBeUndefined();
  expect((await b.update(request)).body).toEqual(accepted.body);
  const response = updateRoomResponseCodec.decode(accepted.body);
  expect(response.code === "success" && b.verifies(response.head)).toBe(true);
  await a.sync();
  await a.commit({});
  expect(a.group.members()).toHaveLength(1);
});

test("R-019 FED-261 FED-262 a client that lost its state comes back in place of its former leaf", async () => {
  const [a, b, c] = await openTrio(alice, bob, carol);
  const { seat: back, answer } = await rejoin(c);
  expect(answer.refusal).toBeUndefined();
  await back.sync();
  await a.sync();
  await b.sync();
  expect(back.group.epochAuthenticator()).toEqual(a.group.epochAuthenticator());
  expect(a.group.members()).toHaveLength(3);
  await back.say("here again");
  await a.sync();
  expect(a.texts).toEqual(["here again"]);
});

test("FED-208 removals that an external commit leaves are proposed again with it", async () => {
  const [a, b, c] = await openTrio(alice, bob, carol);
  await bob.request("POST", paths.leave(b.room), {});
  await a.sync();
  const { seat: back, answer } = await rejoin(c);
  expect(answer.refusal).toBeUndefined();
  await a.sync();
  const entry = a.entries.at(-1);
  if (entry?.kind !== "commit") throw new Error("no commit");
  expect(entry.externalProposals).toHaveLength(1);
  expect(a.group.pendingRemovals).toEqual([b.group.ownLeaf]);
  await a.commit({});
  await back.sync();
  expect(back.group.members().map(({ user }) => user)).toEqual([alice.user, carol.user]);
});

test("T-18 nobody comes by external commit but clients of participants", async () => {
  const [a] = await openPair(alice, bob);
  const asked = askGroupInfo(dave, a.room);
  const refused = await dave.request("POST", paths.groupInfo(a.room), asked.request);
  expect(refused.refusal?.code).toBe(codes.notMember);

  // Even with a GroupInfo that a member gave away.
  const given = askGroupInfo(alice, a.room);
  const { body } = await alice.request("POST", paths.groupInfo(a.room), given.request);
  const { groupInfo, ratchetTree = new Uint8Array(0) } = given.open(body);
  const { prepared, group } = await joinExternal(dave.context, dave.identity, {
    groupInfo,
    ratchetTree,
    authenticatedData: a.aad(),
    at: rig.env.now(),
  });
  const before = await rig.contents();
  const intruder = new Seat(dave, a, group, 0);
  const answer = await intruder.update(intruder.bundle(prepared));
  expect(answer.refusal?.code).toBe(codes.notMember);
  // Nor as somebody who may come, under a session that is another's.
  const borrowed = await bob.request("POST", paths.update(a.room), intruder.bundle(prepared));
  expect(borrowed.refusal?.code).toBe("clientMismatch");
  expect(await rig.contents()).toBe(before);
});

test("a direct room is for its two users, who may come back and let nobody else in", async () => {
  const a = await foundRoom(alice, bob);
  await a.commit({ add: [await bob.keyPackage()] });
  const b = await joinByWelcome(bob, a.hubKey);
  await b.say("hello");
  const third = a.bundle(await a.prepare({ add: [await carol.keyPackage()] }));
  expect((await a.update(third)).refusal?.code).toBe("notAllowed");
  const removal = a.bundle(await a.prepare({ remove: [b.group.ownLeaf] }));
  expect((await a.update(removal)).refusal?.code).toBe("notAllowed");
  await a.group.discard();
  await expect(comeIn(carol, a)).rejects.toMatchObject({ code: codes.notMember });

  await bob.request("POST", paths.leave(b.room), {});
  // Not before the removal is done: a way back in would undo what was asked for.
  await expect(comeIn(bob, a)).rejects.toMatchObject({ code: codes.removed });
  await a.sync();
  await a.commit({});
  const { seat: back, answer } = await comeIn(bob, a);
  expect(answer.refusal).toBeUndefined();
  await back.sync();
  await a.sync();
  await back.say("here again");
  await a.sync();
  expect(a.texts).toEqual(["hello", "here again"]);
});

test("FED-212 of many who leave at once fifty are proposed in each epoch, and all go in time", async () => {
  const count = LIMITS.removalIntentsPerEpochMax + 4;
  const crowd: Person[] = [];
  for (let index = 0; index < count; index += 1) {
    crowd.push(await enrolPerson(rig, `guest${index}`));
  }
  const a = await foundRoom(alice);
  const add = await Promise.all(crowd.map((guest) => guest.keyPackage()));
  await a.commit({ add });
  const left = await Promise.all(
    crowd.map((guest) => guest.request("POST", paths.leave(a.room), {})),
  );
  expect(left.map(({ status }) => status)).toEqual(crowd.map(() => 200));
  // A commit that was made when the first was proposed is not overtaken by the others.
  await a.sync();
  expect(a.group.pendingRemovals).toHaveLength(1);
  await a.commit({});
  // Nothing is proposed for a while, so that who wants to say something can.
  expect(a.group.pendingRemovals).toEqual([]);
  await a.say("goodbye, all of you");
  rig.fireTimers();
  while (a.group.pendingRemovals.length === 0) await a.sync();
  expect(a.group.pendingRemovals).toHaveLength(LIMITS.removalIntentsPerEpochMax);
  await a.commit({});
  rig.fireTimers();
  while (a.group.pendingRemovals.length === 0) await a.sync();
  expect(a.group.pendingRemovals).toHaveLength(3);
  expect(a.group.members()).toHaveLength(4);
  await a.commit({});
  expect(a.group.members().map(({ user }) => user)).toEqual([alice.user]);
  await a.say("alone");
});

test("none of this was a fault of the server", () => {
  expect(rig.faults).toEqual([]);
});

const roomTables = [
  "delivery_heads",
  "delivery_epochs",
  "delivery_nodes",
  "delivery_members",
  "delivery_welcomes",
  "delivery_removals",
  "delivery_proposals",
];

const codes = { notMember: "notMember", removed: "removed", wrongEpoch: "wrongEpoch" } as const;

function countOf(of: Rig, sql: string): Promise<unknown> {
  return of.database.read((tx) => of.database.sql(tx).$client.prepare(sql).pluck().get());
}

async function roomsOf(person: Person): Promise<readonly unknown[]> {
  const { body } = await person.request("GET", paths.rooms());
  const json: unknown = JSON.parse(new TextDecoder().decode(body));
  return roomsAnswerSchema.parse(json).rooms;
}
