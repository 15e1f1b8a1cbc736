import {
  decodeEntry,
  decodeRoomState,
  encodeRoomState,
  entriesPageCodec,
  LIMITS,
  parseDomain,
  mintRoomUri,
  paths,
  ROLES,
  updateRequestCodec,
} from "@treehouse/protocol";
import type { Bytes, RefusalCode, RoomState, RoomUri } from "@treehouse/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { askGroupInfo, comeIn, rejoin } from "../delivery/external.ts";
import { accepted, enrolPerson } from "../delivery/person.ts";
import type { Person } from "../delivery/person.ts";
import { named, refusalsOf } from "../delivery/refusals.ts";
import type { Acts } from "../delivery/refusals.ts";
import { startRig } from "../delivery/rig.ts";
import type { Rig } from "../delivery/rig.ts";
import {
  foundRoom,
  joinByWelcome,
  openPair,
  openTrio,
  prepareFounding,
  readInbox,
  reserve,
} from "../delivery/rooms.ts";
import type { Seat } from "../delivery/seat.ts";

let rig: Rig;
let alice: Person;
let bob: Person;
let carol: Person;
let mallory: Person;

beforeAll(async () => {
  rig = await startRig();
  alice = await enrolPerson(rig, "alice");
  bob = await enrolPerson(rig, "bob");
  carol = await enrolPerson(rig, "carol");
  mallory = await enrolPerson(rig, "mallory");
});

afterAll(async () => {
  await rig[Symbol.asyncDispose]();
});

type Tampering = readonly [RefusalCode, string, Partial<RoomState>];

async function tampered(seat: Seat, changes: readonly Tampering[]): Promise<Acts> {
  const state = decodeRoomState(seat.group.roomState());
  const acts: (readonly [RefusalCode, () => ReturnType<Seat["update"]>])[] = [];
  for (const [code, , change] of changes) {
    const bundle = seat.bundle(
      await seat.prepare({ roomState: encodeRoomState({ ...state, ...change }) }),
    );
    await seat.group.discard();
    acts.push([code, () => seat.update(bundle)]);
  }
  return acts;
}

test("T-16 not even its owner gives a room another hub, term, key, kind or unknown rules", async () => {
  const [a, b] = await openPair(alice, bob);
  const state = decodeRoomState(a.group.roomState());
  const { assignments, basePolicy, term } = state;
  // What names another hub is judged before the policy, and by who makes it as well.
  for (const move of [
    { hub: parseDomain("example.net") },
    { hubKey: mallory.identity.signaturePublicKey },
    { term: term + 1 },
  ]) {
    const roomState = encodeRoomState({ ...state, ...move });
    await expect(a.prepare({ roomState })).rejects.toMatchObject({ code: "invalidCommit" });
  }
  const acts = await tampered(a, [
    ["notAllowed", "template", { template: "direct" }],
    ["notAllowed", "fixed", { basePolicy: { ...basePolicy, fixedMembership: true } }],
    ["versionUnsupported", "rules", { rulesVersion: 2 }],
    ["versionUnsupported", "floor", { rulesVersion: 2, floor: 2 }],
    ["invalidCommit", "no owner", { assignments: [] }],
    [
      "invalidCommit",
      "a stranger with a role",
      { assignments: [...assignments, { user: mallory.user, role: ROLES.admin }] },
    ],
  ]);
  expect(await refusalsOf(rig, acts)).toEqual(named(acts));
  await a.commit({});
  await b.sync();
  expect(b.group.epoch).toBe(a.group.epoch);
});

test("T-16 nobody of a pair makes their room one that neither can change any more", async () => {
  const a = await foundRoom(alice, bob);
  await a.commit({ add: [await bob.keyPackage()] });
  const b = await joinByWelcome(bob, a.hubKey);
  const acts = await tampered(b, [
    ["versionUnsupported", "rules", { rulesVersion: 2 }],
    ["notAllowed", "a third user", { assignments: [] }],
  ]);
  expect(await refusalsOf(rig, acts)).toEqual(named(acts));
  await a.commit({});
  await b.sync();
  expect(b.group.epoch).toBe(a.group.epoch);
});

test("T-09 a client is in a room once, whatever KeyPackages it has", async () => {
  const [a] = await openPair(alice, bob);
  const twice = await Promise.all([carol.keyPackage(), carol.keyPackage()]);
  await expect(a.prepare({ add: twice })).rejects.toMatchObject({ code: "invalidCommit" });
  await expect(a.prepare({ add: [await bob.keyPackage()] })).rejects.toMatchObject({
    code: "invalidCommit",
  });
  await a.commit({ add: [await carol.keyPackage()] });
  expect(a.group.members()).toHaveLength(3);
});

test("T-16 a bundle taken from its maker is of no use to others, and repeated it does nothing", async () => {
  const [a, b] = await openPair(alice, bob);
  const bundle = a.bundle(await a.prepare({ add: [await carol.keyPackage()] }));
  const stolen: Acts = [
    ["clientMismatch", () => b.update(bundle)],
    ["notMember", () => mallory.request("POST", paths.update(a.room), bundle)],
    ["notMember", () => carol.request("POST", paths.update(a.room), bundle)],
  ];
  expect(await refusalsOf(rig, stolen)).toEqual(named(stolen));
  const first = accepted(await a.update(bundle));
  await a.sync();
  // Whoever repeats it gets no answer that was kept for its maker.
  const late: Acts = [
    ["wrongEpoch", () => b.update(bundle)],
    ["notMember", () => mallory.request("POST", paths.update(a.room), bundle)],
  ];
  expect(await refusalsOf(rig, late)).toEqual(named(late));
  expect((await a.update(bundle)).body).toEqual(first.body);
  const welcomes = (await readInbox(carol)).filter(
    (entry) => entry.kind === "welcome" && entry.welcome.room === a.room,
  );
  expect(welcomes).toHaveLength(1);
});

test("a kept answer is one client's in one room: the same octets elsewhere are judged anew", async () => {
  const [a, b] = await openPair(alice, bob);
  const other = await foundRoom(alice);
  const message = await a.seal("once");
  accepted(await a.submit(message));
  const elsewhere: Acts = [
    ["clientMismatch", () => b.submit(message)],
    ["invalidMessage", () => alice.request("POST", paths.messages(other.room), message)],
    ["notMember", () => mallory.request("POST", paths.messages(a.room), message)],
    ["malformed", () => alice.request("POST", paths.update(a.room), message)],
    ["malformed", () => alice.request("POST", paths.found(a.room), message)],
  ];
  expect(await refusalsOf(rig, elsewhere)).toEqual(named(elsewhere));
});

test("T-18 a stranger learns nothing of a room, whichever way she asks", async () => {
  const [a] = await openPair(alice, bob);
  const { room } = a;
  // Her own inbox is made when it is first looked at.
  await readInbox(mallory);
  const bundle = a.bundle(await a.prepare({}));
  await a.group.discard();
  const ask = (method: "GET" | "POST", path: string, body?: Bytes | object) => () =>
    mallory.request(method, path, body);
  const info = askGroupInfo(mallory, room).request;
  const acts: Acts = [
    ["unknownRoom", ask("GET", paths.tree(room, a.group.epoch))],
    ["unknownRoom", ask("GET", paths.tree(room, 0))],
    ["notMember", ask("POST", paths.groupInfo(room), info)],
    ["notMember", ask("POST", paths.groupInfo(room), askGroupInfo(alice, room).request)],
    ["notMember", ask("POST", paths.update(room), bundle)],
    ["notMember", ask("POST", paths.messages(room), await a.seal("hers"))],
    ["notMember", ask("POST", paths.leave(room), {})],
    ["notMember", ask("GET", paths.entries(room, { after: 0, limit: 1 }))],
    ["clientMismatch", ask("GET", paths.entries(alice.client, { after: 0, limit: 1 }))],
    ["roomExists", ask("POST", paths.found(room), (await ownFounding(mallory)).request)],
  ];
  expect(await refusalsOf(rig, acts)).toEqual(named(acts));
  // FED-927: where nothing is, what is asked without a right to come in is answered by the same octets.
  const nowhere = mintRoomUri(rig.domain, (length) => rig.crypto.random(length));
  const answers = (target: RoomUri) =>
    Promise.all(
      [paths.tree(target, a.group.epoch), paths.entries(target, { after: 0, limit: 1 })].map(
        async (path) => {
          const { status, body } = await mallory.request("GET", path);
          return [status, new TextDecoder().decode(body)];
        },
      ),
    );
  expect(await answers(nowhere)).toEqual(await answers(room));
  const rooms = await mallory.request("GET", paths.rooms());
  expect(new TextDecoder().decode(rooms.body)).not.toContain(room);
});

const ownFounding = async (person: Person) => prepareFounding(person, await reserve(person));

test("a reservation is its user's, once, and gives nobody else a room", async () => {
  const names = await reserve(alice);
  const { request } = await prepareFounding(alice, names);
  const hers = await prepareFounding(mallory, names);
  const acts: Acts = [
    ["unknownRoom", () => mallory.request("POST", paths.found(names.room), request)],
    ["unknownRoom", () => mallory.request("POST", paths.found(names.room), hers.request)],
    ["clientMismatch", () => alice.request("POST", paths.found(names.room), hers.request)],
  ];
  expect(await refusalsOf(rig, acts)).toEqual(named(acts));
  const answers = await Promise.all(
    Array.from({ length: 6 }, () => alice.request("POST", paths.found(names.room), request)),
  );
  for (const answer of answers) expect(accepted(answer).body).toEqual(answers[0]?.body);
  const others = await prepareFounding(alice, names);
  const again = await alice.request("POST", paths.found(names.room), others.request);
  expect(again.refusal?.code).toBe("roomExists");
});

test("T-39 more proposals than a commit could carry are refused, and so are the same ones again", async () => {
  const [a, b] = await openPair(alice, bob);
  const proposal = await b.group.proposeRemoval(b.group.ownLeaf, b.aad());
  const bundleOf = (count: number): Bytes =>
    updateRequestCodec.encode({
      kind: "proposal",
      proposals: Array.from({ length: count }, () => proposal),
    });
  expect(() => bundleOf(LIMITS.proposalsPerCommitMax + 1)).toThrow(RangeError);
  const flood = await b.update(bundleOf(LIMITS.proposalsPerCommitMax));
  expect(flood.refusal?.code).toBe("invalidProposal");
  accepted(await b.update(bundleOf(1)));
  for (let count = 2; count < 5; count += 1) {
    expect((await b.update(bundleOf(count))).refusal?.code).toBe("removed");
  }
  await a.sync();
  await a.commit({});
  expect(a.group.members()).toHaveLength(1);
});

test("T-20 after a removal neither resynchronising nor old octets lead back in", async () => {
  const [a, b, c] = await openTrio(alice, bob, carol);
  const [message, bundle] = [await c.seal("late"), c.bundle(await c.prepare({}))];
  await c.group.discard();
  await a.commit({ remove: [c.group.ownLeaf] });
  const acts: Acts = [
    ["notMember", () => c.submit(message)],
    ["notMember", () => c.update(bundle)],
    ["notMember", async () => (await refusedJoin(c)) ?? c.submit(message)],
    ["unknownRoom", () => carol.request("GET", paths.tree(c.room, a.group.epoch))],
    ["notMember", () => carol.request("POST", paths.leave(c.room), {})],
  ];
  expect(await refusalsOf(rig, acts)).toEqual(named(acts));
  const said = await b.say("without carol");
  await c.sync();
  expect(c.position).toBeLessThan(said);
  expect(c.group.active).toBe(false);
});

async function refusedJoin(seat: Seat) {
  const { request } = askGroupInfo(seat.person, seat.room);
  return seat.person.request("POST", paths.groupInfo(seat.room), request);
}

test("a client that is added again reads what follows, and nothing of the time between", async () => {
  const [a, b] = await openPair(alice, bob);
  await a.commit({ remove: [b.group.ownLeaf] });
  await b.sync();
  const removedAt = b.position;
  const [from, to] = [await a.say("between one"), await a.say("between two")];
  await a.commit({ add: [await bob.keyPackage()] });
  await a.say("after");
  // Before the Welcome is acknowledged, and from the old place on: nothing.
  await b.sync();
  expect(b.position).toBe(removedAt);
  const again = await joinByWelcome(bob, a.hubKey);
  await again.sync();
  expect(again.texts).toEqual(["after"]);
  for (const after of [0, removedAt, from, to]) {
    const page = await bob.request("GET", paths.entries(a.room, { after, limit: 256 }));
    const { entries } = entriesPageCodec.decode(accepted(page).body);
    const positions = entries.map((bytes) => decodeEntry(bytes).position);
    expect(positions.filter((position) => position >= from && position <= to)).toEqual([]);
  }
});

test("T-18 a client that comes back by itself twice at once has one leaf", async () => {
  const [a, b] = await openPair(alice, bob);
  const [one, two] = await Promise.all([rejoin(b), rejoin(b)]);
  const codes = [one, two].map(({ answer }) => answer.refusal?.code);
  expect(new Set(codes)).toEqual(new Set(["wrongEpoch", undefined]));
  await a.sync();
  expect(a.group.members().filter(({ client }) => client === bob.client)).toHaveLength(1);
  const stranger = comeIn(mallory, { room: a.room, hubKey: a.hubKey });
  await expect(stranger).rejects.toMatchObject({ code: "notMember" });
});

test("none of this was a fault of the server", () => {
  expect(rig.faults).toEqual([]);
});
