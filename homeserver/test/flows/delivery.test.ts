import {
  applyLeafChanges,
  decodeRoomState,
  encodeRoomState,
  equalBytes,
  paths,
  rosterHash,
  roomsAnswerSchema,
  settle,
  roomView,
  submitMessageRequestCodec,
  submitMessageResponseCodec,
  treeResponseCodec,
  updateRequestCodec,
  updateRoomResponseCodec,
} from "@treehouse/protocol";
import type { Roster } from "@treehouse/protocol";
import { joinExternal } from "@treehouse/mls/member";
import { afterAll, beforeAll, expect, test } from "vitest";
import { enrolPerson } from "../delivery/person.ts";
import type { Person } from "../delivery/person.ts";
import { startRig } from "../delivery/rig.ts";
import type { Rig } from "../delivery/rig.ts";
import {
  askGroupInfo,
  foundRoom,
  joinByWelcome,
  openPair,
  openRoom,
  openTrio,
  readInbox,
  rejoin,
  Seat,
} from "../delivery/seat.ts";

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

test("R-001 one send reaches the other members, the same bytes in the same order", async () => {
  const [a, b, c] = await openTrio(alice, bob, carol);
  await b.say("one");
  await c.sync();
  await c.say("two");
  await b.say("three");
  await Promise.all([a, b, c].map((seat) => seat.sync()));
  expect([a.texts, b.texts, c.texts]).toEqual([["one", "two", "three"], ["two"], ["one", "three"]]);
  // The first commit is for its author alone; from then on all logs are one.
  expect(b.entries).toEqual(a.entries.slice(1));
  expect(c.entries).toEqual(a.entries.slice(1));
});

test("R-003 a room gains two, loses one, and its roster is every member's", async () => {
  const [a, b, c] = await openTrio(alice, bob, carol);
  await a.commit({ remove: [c.group.ownLeaf] });
  await b.sync();
  await c.sync();
  expect(c.group.active).toBe(false);
  expect(b.group.epochAuthenticator()).toEqual(a.group.epochAuthenticator());
  const roster = rosterOf(a);
  expect(roster.map(({ client }) => client)).toEqual([alice.client, bob.client]);
  expect(roster).toEqual(b.group.members().map(({ leaf, client }) => ({ leaf, client })));
  expect(await roomsOf(bob)).toContainEqual({ room: a.room, epoch: 2, position: 2 });
  expect(await roomsOf(carol)).not.toContainEqual(expect.objectContaining({ room: a.room }));

  const { message } = submitMessageRequestCodec.decode(await b.seal("for two"));
  expect((await c.submit(c.submission(message))).refusal?.code).toBe(codes.notMember);
  await b.say("later");
  const before = c.entries.length;
  await c.sync();
  expect(c.entries).toHaveLength(before);
});

test("R-019 of four commits at once one wins each epoch, and all stay together", async () => {
  const { first, rest } = await openRoom(alice, [bob, carol, dave]);
  const seats = [first, ...rest];
  const rounds = process.env["TREEHOUSE_SCALE"] === "full" ? 100 : 5;
  for (let round = 0; round < rounds; round += 1) {
    const epoch = first.group.epoch;
    const bundles: (readonly [Seat, ReturnType<Seat["bundle"]>])[] = [];
    for (const seat of seats) bundles.push([seat, seat.bundle(await seat.prepare({}))]);
    const answers = await Promise.all(bundles.map(([seat, bytes]) => seat.update(bytes)));
    const refusals = answers.flatMap(({ refusal }) => refusal ?? []);
    expect(refusals.map(({ code }) => code)).toEqual(Array(3).fill(codes.wrongEpoch));
    expect(refusals.map(({ data }) => data.currentEpoch)).toEqual(Array(3).fill(epoch + 1));
    for (const seat of seats) await seat.sync();
    for (const seat of seats) {
      expect(seat.group.epoch).toBe(epoch + 1);
      expect(seat.group.epochAuthenticator()).toEqual(first.group.epochAuthenticator());
    }
  }
  const commits = first.entries.filter(({ kind }) => kind === "commit");
  expect(commits).toHaveLength(1 + rounds);
});

test("T-26 the Welcome of the commit that lost is delivered to nobody", async () => {
  const [a, b] = await openPair(alice, bob);
  const [eve, frank] = [await enrolPerson(rig, "eve"), await enrolPerson(rig, "frank")];
  const settled = decodeRoomState(a.group.roomState());
  const admins = { ...settled, assignments: [...settled.assignments, { user: bob.user, role: 3 }] };
  await a.commit({ roomState: encodeRoomState(admins) });
  await b.sync();
  const bundles = [
    a.bundle(await a.prepare({ add: [await eve.keyPackage()] })),
    b.bundle(await b.prepare({ add: [await frank.keyPackage()] })),
  ] as const;
  const answers = await Promise.all([a.update(bundles[0]), b.update(bundles[1])]);
  const won = answers.findIndex(({ refusal }) => refusal === undefined);
  expect(answers.filter(({ refusal }) => refusal?.code === codes.wrongEpoch)).toHaveLength(1);
  const inboxes = [await readInbox(eve), await readInbox(frank)];
  expect(inboxes.map(({ length }) => length)).toEqual(won === 0 ? [1, 0] : [0, 1]);
});

test("a welcomed client joins from the tree of its epoch, however far the room has gone", async () => {
  const a = await foundRoom(alice);
  await a.commit({ add: [await bob.keyPackage()] });
  const { treeHash } = treeResponseCodec.decode(
    (await alice.request("GET", paths.tree(a.room, 1))).body,
  );
  for (let count = 0; count < 6; count += 1) await a.commit({});
  await a.commit({ add: [await carol.keyPackage()] });
  const old = treeResponseCodec.decode((await bob.request("GET", paths.tree(a.room, 1))).body);
  expect(equalBytes(old.treeHash, treeHash)).toBe(true);
  const b = await joinByWelcome(bob, a.hubKey);
  expect(b.group.epoch).toBe(1);
  await b.sync();
  expect(b.group.epochAuthenticator()).toEqual(a.group.epochAuthenticator());
  // Nobody else was welcomed into that epoch, and the ones between are not kept for anybody.
  const refused = [
    await alice.request("GET", paths.tree(a.room, 2)),
    await dave.request("GET", paths.tree(a.room, 8)),
  ];
  expect(refused.map(({ refusal }) => refusal?.code)).toEqual(["notFound", codes.notMember]);
});

test("a tree is given up once it was fetched a while ago or its KeyPackage has expired", async () => {
  await using own = await startRig();
  const [founder, friend, idle] = [
    await enrolPerson(own, "alice"),
    await enrolPerson(own, "bob"),
    await enrolPerson(own, "carol"),
  ];
  const a = await foundRoom(founder);
  await a.commit({ add: [await friend.keyPackage()] });
  await a.commit({ add: [await idle.keyPackage()] });
  for (let count = 0; count < 5; count += 1) await a.commit({});
  const tree = (person: Person, epoch: number) => person.request("GET", paths.tree(a.room, epoch));
  expect((await tree(friend, 1)).status).toBe(200);
  own.advance(30 * 60_000);
  await own.delivery.maintain();
  expect((await tree(friend, 1)).status).toBe(200);
  own.advance(31 * 60_000);
  expect(await own.delivery.maintain()).toBeGreaterThan(0);
  expect((await tree(friend, 1)).refusal?.code).toBe("notFound");
  expect((await tree(founder, 2)).status).toBe(200);
  own.advance(90 * 24 * 3_600_000);
  expect(await own.delivery.maintain()).toBeGreaterThan(0);
  const later = await enrolPerson(own, "dave");
  expect((await tree(later, 2)).refusal?.code).toBe(codes.notMember);
  expect(await nodesOf(own)).toBe(await currentNodesOf(own));
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
  expect(decodeRoomState(c.group.roomState()).assignments).toEqual([{ user: bob.user, role: 4 }]);
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

test("R-019 a client that lost its state comes back by itself, in place of its former leaf", async () => {
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

test("removals that an external commit leaves are proposed again with it", async () => {
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

test("a commit and its first message are accepted together, one after the other", async () => {
  const [a, b] = await openPair(alice, bob);
  const prepared = await a.prepare({});
  const ahead = await a.copy();
  await ahead.adopt(prepared);
  const message = await a.seal("and hello", ahead);
  const answer = await a.update(a.bundle(prepared, message));
  expect(answer.refusal).toBeUndefined();
  const response = updateRoomResponseCodec.decode(answer.body);
  if (response.code !== "success") throw new Error(response.code);
  expect(response.firstMessagePosition).toBe(response.position + 1);
  expect(response.head.head.position).toBe(response.position);
  await b.sync();
  expect(b.texts).toEqual(["and hello"]);
  // The message alone, repeated because the answer was lost, is answered like the bundle's.
  const repeated = submitMessageResponseCodec.decode((await a.submit(message)).body);
  expect(repeated).toMatchObject({ status: "accepted", position: response.position + 1 });
});

test("a member proposes its own removal and nothing else", async () => {
  const [a, b] = await openPair(alice, bob);
  const propose = async (seat: Seat, leaf: number) =>
    updateRequestCodec.encode({
      kind: "proposal",
      proposals: [await seat.group.proposeRemoval(leaf, seat.aad())],
    });
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

test("none of this was a fault of the server", () => {
  expect(rig.faults).toEqual([]);
});

function countOf(of: Rig, sql: string): Promise<unknown> {
  return of.database.read((tx) => of.database.sql(tx).$client.prepare(sql).pluck().get());
}

const nodesOf = (of: Rig) => countOf(of, "SELECT count(*) FROM delivery_nodes ORDER BY 1");
/** Versions that belong to one of the epochs of the window: with 3 leaves, no more than that. */
const currentNodesOf = (of: Rig) =>
  countOf(
    of,
    `SELECT count(*) FROM delivery_nodes AS n WHERE EXISTS (SELECT 1 FROM delivery_epochs AS e
     WHERE e.epoch >= 4 AND n.since <= e.epoch AND (n.until IS NULL OR n.until > e.epoch))
     ORDER BY 1`,
  );

/** Follows the leaf changes of the entries, as a server without the tree does. */
function rosterOf(seat: Seat): Roster {
  let roster: Roster = [{ leaf: 0, client: alice.client }];
  for (const entry of seat.entries) {
    if (entry.kind !== "commit") continue;
    roster = applyLeafChanges(roster, entry.leafChanges);
    expect(rosterHash(roster)).toEqual(entry.rosterHash);
  }
  return roster;
}

async function roomsOf(person: Person): Promise<readonly unknown[]> {
  const { body } = await person.request("GET", paths.rooms());
  const json: unknown = JSON.parse(new TextDecoder().decode(body));
  return roomsAnswerSchema.parse(json).rooms;
}
