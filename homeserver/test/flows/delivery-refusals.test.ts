import {
  decodeRoomState,
  encodeRoomState,
  LIMITS,
  mintRoomUri,
  parseDomain,
  paths,
  ROLES,
  submitMessageRequestCodec,
  updateRequestCodec,
  Writer,
} from "@treehouse/protocol";
import type { Bytes } from "@treehouse/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { accepted, enrolPerson, send } from "../delivery/person.ts";
import type { Answer, Person } from "../delivery/person.ts";
import { startRig } from "../delivery/rig.ts";
import type { Rig } from "../delivery/rig.ts";
import { foundRoom, joinByWelcome, openPair, openTrio } from "../delivery/rooms.ts";
import { Seat } from "../delivery/seat.ts";
import { named, refusalsOf } from "../delivery/refusals.ts";
import type { Acts } from "../delivery/refusals.ts";
import { askGroupInfo, rejoin } from "../delivery/external.ts";

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

test("FED-111 FED-230 FED-504 a message that may not be accepted is refused by its reason alone", async () => {
  const [a, b] = await openPair(alice, bob);
  const other = await foundRoom(alice);
  const old = await a.seal("old");
  for (let count = 0; count < 4; count += 1) await a.commit({});
  const [request, foreign] = [await a.seal("new"), await other.seal("elsewhere")];
  const { message } = submitMessageRequestCodec.decode(request);
  const copy = await a.copy();
  await copy.adopt(await copy.prepareCommit({}, a.aad()));
  const ahead = await a.seal("ahead", copy);
  const nowhere = paths.messages(mintRoomUri(rig.domain, (length) => rig.env.random(length)));
  const submitTo = (path: string, body: Bytes) => () => alice.request("POST", path, body);
  const messages: Acts = [
    ["malformed", () => a.submit(request.slice(0, 40))],
    ["malformed", () => a.submit(new Uint8Array([...request, 0]))],
    ["malformed", () => a.submit(new Uint8Array(0))],
    ["malformed", () => a.submit(a.submission(message.slice(0, -1)))],
    ["malformed", submitTo("/v1/rooms/somewhere/messages", request)],
    ["tooLarge", () => a.submit(new Uint8Array(LIMITS.requestBodyBytesMax + 1))],
    ["tooLarge", () => a.submit(new Uint8Array(LIMITS.applicationMessageBytesMax + 600))],
    ["unknownRoom", submitTo(nowhere, request)],
    ["notMember", () => mallory.request("POST", paths.messages(a.room), request)],
    ["clientMismatch", () => b.submit(request)],
    ["clientMismatch", () => a.submit(a.submission(message, bob.user))],
    ["invalidMessage", () => a.submit(foreign)],
    ["epochTooOld", () => a.submit(old)],
    ["epochAhead", () => a.submit(ahead)],
    ["malformed", () => a.submit(encoded({ ephemeral: true, message, from: alice }))],
    ["invalidMessage", () => a.submit(withoutAad(a))],
    ["sessionEnded", () => sendAs("0".repeat(43), a, request)],
  ];
  expect(await refusalsOf(rig, messages)).toEqual(named(messages));
});

test("T-27 FED-231 messages of the last three epochs are taken for five minutes", async () => {
  const [a] = await openPair(alice, bob);
  const sealed: Bytes[] = [];
  for (let count = 0; count < 4; count += 1) {
    sealed.push(await a.seal(`early ${count}`), await a.seal(`late ${count}`));
    await a.commit({});
  }
  const submit = async (index: number) => (await a.submit(sealed[index] ?? noBytes)).refusal;
  expect((await submit(0))?.code).toBe("epochTooOld");
  expect((await submit(0))?.data.currentEpoch).toBe(a.group.epoch);
  for (const index of [2, 4, 6]) expect(await submit(index)).toBeUndefined();
  rig.advance(LIMITS.epochWindowMs + 60_000);
  for (const index of [3, 5, 7]) expect((await submit(index))?.code).toBe("epochTooOld");
  await a.sync();
  await a.say("now");
});

test("FED-231 a message from before somebody came in is not taken behind it, for they could not read it", async () => {
  const [a, b] = await openPair(alice, bob);
  const early = await Promise.all(["was taken", "came late"].map((text) => b.seal(text)));
  const [taken, late] = [early[0] ?? noBytes, early[1] ?? noBytes];
  accepted(await b.submit(taken));
  await a.sync();
  await a.commit({ add: [await carol.keyPackage()] });
  const c = await joinByWelcome(carol, a.hubKey);
  await a.commit({});
  const refusal = (await b.submit(late)).refusal;
  expect(refusal?.code).toBe("epochTooOld");
  expect(refusal?.data.currentEpoch).toBe(a.group.epoch);
  // What was taken before stays taken, and its answer is given again.
  expect((await b.submit(taken)).refusal).toBeUndefined();
  await b.sync();
  const before = await b.seal("before the return");
  await b.say("for all three");
  await c.sync();
  expect(c.texts).toEqual(["for all three"]);
  // Whoever comes back by an external commit has no key of the epoch before, either.
  const returned = await rejoin(c);
  accepted(returned.answer);
  expect((await b.submit(before)).refusal?.code).toBe("epochTooOld");
});

test("T-16 FED-220 FED-222 a bundle that may not be accepted is refused whole, and nothing changes", async () => {
  const [a, b] = await openPair(alice, bob);
  const other = await foundRoom(alice);
  const add = [await carol.keyPackage()];
  const prepared = await a.prepare({ add });
  const { commit, groupInfo, welcome } = prepared;
  const parts = { kind: "commit", commit, groupInfo, welcome, firstMessage: undefined } as const;
  const bundle = (change: object) => () =>
    a.update(updateRequestCodec.encode({ ...parts, ...change }));
  const byBob = b.bundle(await b.prepare({ add: [await mallory.keyPackage()] }));
  await b.group.discard();
  const elsewhere = other.bundle(await other.prepare({}));
  const earlier = await foundersInfo(a);
  const flipped = commit.slice();
  flipped[flipped.length - 80] = (flipped[flipped.length - 80] ?? 0) ^ 1;
  const bundles: Acts = [
    ["invalidCommit", bundle({ welcome: undefined })],
    ["malformed", bundle({ groupInfo: groupInfo.slice(0, -1) })],
    ["invalidCommit", bundle({ groupInfo: earlier })],
    ["malformed", bundle({ commit: commit.slice(0, -1) })],
    ["invalidCommit", bundle({ commit: flipped })],
    ["malformed", bundle({ commit: groupInfo })],
    ["notAllowed", () => b.update(byBob)],
    ["invalidCommit", () => a.update(elsewhere)],
    ["clientMismatch", () => b.update(a.bundle(prepared))],
    ["notMember", () => mallory.request("POST", paths.update(a.room), a.bundle(prepared))],
    ["malformed", () => a.update(a.bundle(prepared).slice(0, -1))],
    ["malformed", () => a.update(noBytes)],
  ];
  expect(await refusalsOf(rig, bundles)).toEqual(named(bundles));
  // A first message that may not be accepted takes its commit with it.
  const first = await a.seal("of the old epoch");
  const withFirst: Acts = [["malformed", () => a.update(a.bundle(prepared, first))]];
  expect(await refusalsOf(rig, withFirst)).toEqual(named(withFirst));
  await a.group.discard();
  await a.commit({ add: [await carol.keyPackage()] });
  const late = a.bundle(prepared);
  const lost: Acts = [["wrongEpoch", () => a.update(late)]];
  expect(await refusalsOf(rig, lost)).toEqual(named(lost));
  const copy = await a.copy();
  await copy.adopt(await copy.prepareCommit({}, a.aad()));
  const ahead = a.bundle(await copy.prepareCommit({}, a.aad()));
  const early: Acts = [["epochAhead", () => a.update(ahead)]];
  expect(await refusalsOf(rig, early)).toEqual(named(early));
});

test("FED-924 FED-995 a handshake of another group or epoch is refused by the name of the rule", async () => {
  const [a, b] = await openPair(alice, bob);
  const other = await foundRoom(alice);
  const own = await b.group.proposeRemoval(b.group.ownLeaf, b.aad());
  const stray = await other.group.proposeRemoval(other.group.ownLeaf, other.aad());
  const byAlice = await a.group.proposeRemoval(b.group.ownLeaf, a.aad());
  const elsewhere = other.bundle(await other.prepare({}));
  const copy = await a.copy();
  await copy.adopt(await copy.prepareCommit({}, a.aad()));
  const ahead = await copy.prepareCommit({}, a.aad());
  const nextRemoval = await copy.proposeRemoval(b.group.ownLeaf, a.aad());
  const propose = (seat: Seat, ...proposals: Bytes[]) =>
    seat.update(updateRequestCodec.encode({ kind: "proposal", proposals }));
  const seen = ({ refusal }: Answer) => [refusal?.code, refusal?.data.rule];
  expect(seen(await a.update(elsewhere))).toEqual(["invalidCommit", "groupId"]);
  expect(seen(await propose(a, stray))).toEqual(["invalidProposal", "groupId"]);
  expect(seen(await propose(b, own, stray))).toEqual(["invalidProposal", "groupId"]);
  expect(seen(await a.update(a.bundle(ahead)))).toEqual(["epochAhead", "epoch"]);
  expect(seen(await propose(a, nextRemoval))).toEqual(["epochAhead", "epoch"]);
  const late = a.bundle(await a.prepare({}));
  await a.group.discard();
  await a.commit({});
  expect(seen(await a.update(late))).toEqual(["wrongEpoch", "epoch"]);
  expect(seen(await propose(b, own))).toEqual(["wrongEpoch", "epoch"]);
  await b.sync();
  const removals = [
    await b.group.proposeRemoval(b.group.ownLeaf, b.aad()),
    await a.group.proposeRemoval(a.group.ownLeaf, a.aad()),
  ];
  expect(seen(await propose(b, ...removals))).toEqual(["invalidProposal", "proposedBySeveral"]);
  expect(seen(await propose(b, own, byAlice))).toEqual(["wrongEpoch", "epoch"]);
});

test("R-063 what a role may not do is refused, by whatever commit it comes", async () => {
  const [a, b, c] = await openTrio(alice, bob, carol);
  const state = decodeRoomState(b.group.roomState());
  const promoted = encodeRoomState({
    ...state,
    assignments: [...state.assignments, { user: bob.user, role: ROLES.admin }],
  });
  const renamed = encodeRoomState({ ...state, metadata: new Uint8Array([1]) });
  const bundles = [
    b.bundle(await b.prepare({ remove: [c.group.ownLeaf] })),
    b.bundle(await b.prepare({ add: [await mallory.keyPackage()] })),
    b.bundle(await b.prepare({ roomState: promoted })),
    b.bundle(await b.prepare({ roomState: renamed })),
  ];
  await b.group.discard();
  const forbidden: Acts = bundles.map((bytes) => ["notAllowed", () => b.update(bytes)] as const);
  expect(await refusalsOf(rig, forbidden)).toEqual(named(forbidden));
  await a.commit({ roomState: promoted });
  await b.sync();
  await b.commit({ remove: [c.group.ownLeaf] });
  expect(b.group.members().map(({ user }) => user)).toEqual([alice.user, bob.user]);
});

test("FED-987 nobody makes a commit that names another hub or hub key without its consent", async () => {
  const [a] = await openPair(alice, bob);
  const state = decodeRoomState(a.group.roomState());
  const moves = [{ hub: parseDomain("elsewhere.example") }, { hubKey: new Uint8Array(32).fill(9) }];
  for (const move of moves) {
    const roomState = encodeRoomState({ ...state, ...move });
    await expect(a.prepare({ roomState })).rejects.toMatchObject({ code: "invalidCommit" });
  }
  await a.commit({});
});

test("T-09 FED-308 a leaf whose key is not in its user's client list is refused", async () => {
  const a = await foundRoom(alice);
  // Certified in themselves, by a server of the same name that knows other keys.
  await using elsewhere = await startRig();
  const unknown = await enrolPerson(elsewhere, "ghost");
  const twin = await enrolPerson(elsewhere, "bob", bob.client);
  const bundles: Bytes[] = [];
  for (const ghost of [unknown, twin]) {
    bundles.push(a.bundle(await a.prepare({ add: [await ghost.keyPackage()] })));
  }
  const ghosts: Acts = bundles.map((bytes) => ["identityInvalid", () => a.update(bytes)] as const);
  expect(await refusalsOf(rig, ghosts)).toEqual(named(ghosts));
});

const noBytes = new Uint8Array(0);

async function foundersInfo(seat: Seat): Promise<Bytes> {
  const asked = askGroupInfo(seat.person, seat.room);
  const { body } = await seat.person.request("POST", paths.groupInfo(seat.room), asked.request);
  return asked.open(body).groupInfo;
}

function encoded(of: { ephemeral: boolean; message: Bytes; from: Person }): Bytes {
  const { ephemeral, message, from } = of;
  return submitMessageRequestCodec.encode({ ephemeral, message, sendingUri: from.user });
}

function withoutAad(seat: Seat): Bytes {
  const writer = new Writer();
  writer.u16(1);
  writer.u16(2);
  writer.ascii(seat.group.group);
  writer.u64(seat.group.epoch);
  writer.u8(1);
  writer.opaque(new Uint8Array([1, 2, 3]));
  writer.opaque(new Uint8Array(28));
  writer.opaque(new Uint8Array(64));
  return seat.submission(writer.finish());
}

function sendAs(token: string, seat: Seat, body: Bytes): Promise<Answer> {
  return send(rig.url, { token, method: "POST", path: paths.messages(seat.room), body });
}
