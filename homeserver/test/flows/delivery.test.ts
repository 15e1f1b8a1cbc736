import {
  applyLeafChanges,
  decodeRoomState,
  encodeRoomState,
  equalBytes,
  paths,
  ROLES,
  rosterHash,
  roomsAnswerSchema,
  submitMessageRequestCodec,
  submitMessageResponseCodec,
  treeResponseCodec,
  updateRoomResponseCodec,
} from "@treehouse/protocol";
import type { Roster } from "@treehouse/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { enrolPerson } from "../delivery/person.ts";
import type { Person } from "../delivery/person.ts";
import { startRig } from "../delivery/rig.ts";
import type { Rig } from "../delivery/rig.ts";
import {
  foundRoom,
  joinByWelcome,
  openPair,
  openRoom,
  openTrio,
  readInbox,
} from "../delivery/rooms.ts";
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

test("R-001 FED-201 FED-415 one send reaches the other members, the same bytes in the same order", async () => {
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

test("R-003 FED-206 FED-207 a room gains two, loses one, and its roster is every member's", async () => {
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

test("R-019 FED-223 of four commits at once one wins each epoch, and all stay together", async () => {
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
  const admins = {
    ...settled,
    assignments: [...settled.assignments, { user: bob.user, role: ROLES.admin }],
  };
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

test("FED-240 FED-402 a welcomed client joins from the tree of its epoch, however far the room has gone", async () => {
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
  expect(refused.map(({ refusal }) => refusal?.code)).toEqual(["notFound", "unknownRoom"]);
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
  expect((await tree(later, 2)).refusal?.code).toBe("unknownRoom");
  expect(await nodesOf(own)).toBe(await currentNodesOf(own));
});

test("FED-221 a commit and its first message are accepted together, one after the other", async () => {
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

test("none of this was a fault of the server", () => {
  expect(rig.faults).toEqual([]);
});

const codes = { notMember: "notMember", removed: "removed", wrongEpoch: "wrongEpoch" } as const;

const nodesOf = (of: Rig) => countOf(of, "SELECT count(*) FROM delivery_nodes ORDER BY 1");

/** Versions that belong to one of the epochs of the window: with 3 leaves, no more than that. */
const currentNodesOf = (of: Rig) =>
  countOf(
    of,
    `SELECT count(*) FROM delivery_nodes AS n WHERE EXISTS (SELECT 1 FROM delivery_epochs AS e
     WHERE e.epoch >= 4 AND n.since <= e.epoch AND (n.until IS NULL OR n.until > e.epoch))
     ORDER BY 1`,
  );

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

function countOf(of: Rig, sql: string): Promise<unknown> {
  return of.database.read((tx) => of.database.sql(tx).$client.prepare(sql).pluck().get());
}
