import {
  decodeRoomState,
  encodeRoomState,
  groupInfoResponseCodec,
  leafIdentityCodec,
  paths,
  Refusal,
  ROLES,
  signKnock,
  sortedJoinLinks,
} from "@treehouse/protocol";
import type { Bytes, JoinLink, RoomState, RoomUri } from "@treehouse/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { accepted, enrolPerson } from "../delivery/person.ts";
import type { Person } from "../delivery/person.ts";
import { startRig } from "../delivery/rig.ts";
import type { Rig } from "../delivery/rig.ts";
import { foundRoom, joinByWelcome, openPair } from "../delivery/rooms.ts";
import type { Seat } from "../delivery/seat.ts";
import {
  aadWith,
  askGroupInfo,
  comeIn,
  comeInWith,
  linkOfSeed,
  ticketFor,
} from "../delivery/external.ts";

let rig: Rig;
let alice: Person;
let bob: Person;
let carol: Person;
let mallory: Person;

beforeAll(async () => {
  rig = await startRig();
  [alice, bob, carol, mallory] = [
    await enrolPerson(rig, "alice"),
    await enrolPerson(rig, "bob"),
    await enrolPerson(rig, "carol"),
    await enrolPerson(rig, "mallory"),
  ];
});

afterAll(async () => {
  await rig[Symbol.asyncDispose]();
});

const seedOf = (octet: number): Bytes => new Uint8Array(32).fill(octet);

function change(seat: Seat, part: (state: RoomState) => Partial<RoomState>) {
  const state = decodeRoomState(seat.group.roomState());
  return seat.commit({ roomState: encodeRoomState({ ...state, ...part(state) }) });
}

/** A commit of the seat's person that makes a link with this seed. */
function makeLink(seat: Seat, seed: Bytes, part: Partial<JoinLink> = {}) {
  const link: JoinLink = {
    key: linkOfSeed(seat.person, seed).key,
    role: ROLES.member,
    createdBy: seat.person.user,
    expiresAt: undefined,
    usesMax: undefined,
    invitee: undefined,
    ...part,
  };
  return change(seat, ({ joinLinks }) => ({ joinLinks: sortedJoinLinks([...joinLinks, link]) }));
}

const refused = async (
  act: Promise<{ readonly answer: { readonly refusal?: { readonly code: string } | undefined } }>,
) => (await act).answer.refusal?.code;

async function asked(person: Person, seat: Seat, seed?: Bytes) {
  const question = askGroupInfo(person, seat.room, seed);
  return (await person.request("POST", paths.groupInfo(seat.room), question.request)).refusal?.code;
}

/** The GroupInfo that somebody is given who asks by a link. */
async function givenTo(person: Person, seat: Seat, seed: Bytes) {
  const question = askGroupInfo(person, seat.room, seed);
  const sealed = await person.request("POST", paths.groupInfo(seat.room), question.request);
  accepted(sealed);
  return question.open(sealed.body);
}

test("T-18 FED-1083 FED-1087 a link lets its bearer in with nobody online; nobody comes in without it", async () => {
  const a = await foundRoom(alice);
  const seed = seedOf(1);
  await makeLink(a, seed);
  // T-18: the GroupInfo is for bearers alone, and what one was given is of use to no other.
  expect(await asked(bob, a)).toBe("notMember");
  expect(await asked(bob, a, seedOf(9))).toBe("linkInvalid");
  const question = askGroupInfo(mallory, a.room, seed);
  const sealed = await mallory.request("POST", paths.groupInfo(a.room), question.request);
  const info = question.open(sealed.body);
  const stolen = await bob.request("POST", paths.groupInfo(a.room), question.request);
  expect(stolen.refusal?.code).toBe("linkInvalid");
  const before = await rig.contents();
  const tickets: readonly [string, Parameters<typeof comeInWith>[3]][] = [
    ["notMember", { ticket: () => undefined }],
    ["linkInvalid", { ticket: (at) => ticketFor(mallory, seed, { ...at, epoch: at.epoch + 1 }) }],
    ["linkInvalid", { ticket: (at) => ticketFor(bob, seed, at) }],
    ["linkInvalid", { ticket: (at) => ticketFor(mallory, seedOf(9), at) }],
    ["malformed", { ticket: (at) => ticketFor(mallory, seed, at).slice(0, -1) }],
    // T-18: nobody who comes in takes a leaf away.
    ["invalidCommit", { seed, removeLeaf: a.group.ownLeaf }],
  ];
  for (const [code, way] of tickets) {
    expect(await refused(comeInWith(mallory, a, info, way).catch(fallen))).toBe(code);
  }
  expect(await rig.contents()).toBe(before);

  const { seat: b, answer } = await comeIn(bob, a, { seed });
  accepted(answer);
  await b.say("in by a link");
  await a.sync();
  expect(a.texts).toEqual(["in by a link"]);
  await a.say("hello");
  await b.sync();
  expect(b.texts).toEqual(["hello"]);
  // T-20, T-18: what was a good GroupInfo before is none now, nor is its ticket.
  expect(await refused(comeInWith(mallory, a, info, { seed }))).toBe("wrongEpoch");
});

/** A commit that the own library refuses to make never leaves: the code stands for the hub's. */
function fallen(error: unknown) {
  if (!(error instanceof Refusal)) throw error;
  return { answer: { refusal: { code: error.code } } };
}

test("FED-1085 a link lets in as many as it may: of those who race for the last use one comes in", async () => {
  const a = await foundRoom(alice);
  const seed = seedOf(2);
  await makeLink(a, seed, { usesMax: 2 });
  accepted((await comeIn(bob, a, { seed })).answer);
  const [one, other] = await Promise.all(
    [carol, mallory].map((person) => givenTo(person, a, seed)),
  );
  if (one === undefined || other === undefined) throw new Error("two answers");
  const race = await Promise.all([
    comeInWith(carol, a, one, { seed }),
    comeInWith(mallory, a, other, { seed }),
  ]);
  const codes = race.map(({ answer }) => answer.refusal?.code ?? "came in");
  expect(new Set(codes)).toEqual(new Set(["wrongEpoch", "came in"]));
  const late = race[0]?.answer.refusal === undefined ? mallory : carol;
  expect(await asked(late, a, seed)).toBe("linkUsedUp");
  // Also when somebody asked before it was used up.
  await a.sync();
  await makeLink(a, seedOf(3), { usesMax: 1 });
  const info = await givenTo(late, a, seedOf(3));
  expect(await refused(comeInWith(late, a, info, { seed }))).toBe("linkUsedUp");
  accepted((await comeInWith(late, a, info, { seed: seedOf(3) })).answer);
});

const crowd =
  process.env["TREEHOUSE_SCALE"] === "full" ? { uses: 5, people: 20 } : { uses: 2, people: 5 };

test("R-072 FED-1085 of many who come at once by one link, exactly as many come in as it lets in", async () => {
  const a = await foundRoom(alice);
  const seed = seedOf(7);
  await makeLink(a, seed, { usesMax: crowd.uses });
  const people = await Promise.all(
    Array.from({ length: crowd.people }, (_, index) => enrolPerson(rig, `crowd${index}`)),
  );
  const come = async (person: Person): Promise<string> => {
    for (;;) {
      const code = await asked(person, a, seed);
      if (code !== undefined) return code;
      const outcome = await refused(comeIn(person, a, { seed }).catch(fallen));
      if (outcome !== "wrongEpoch") return outcome ?? "came in";
    }
  };
  const outcomes = await Promise.all(people.map(come));
  expect(outcomes.filter((one) => one === "came in")).toHaveLength(crowd.uses);
  expect(new Set(outcomes)).toEqual(new Set(["came in", "linkUsedUp"]));
  await a.sync();
  expect(a.group.members()).toHaveLength(1 + crowd.uses);
});

test("FED-1084 T-18 an expired link, a revoked one, and one against the rules let nobody in", async () => {
  const [a, b] = await openPair(alice, bob);
  const [short, long] = [seedOf(4), seedOf(5)];
  await makeLink(a, short, { expiresAt: rig.env.now() + 60_000 });
  await makeLink(a, long);
  await b.sync();
  const info = await givenTo(carol, a, short);
  rig.advance(61_000);
  expect(await asked(carol, a, short)).toBe("linkExpired");
  expect(await refused(comeInWith(carol, a, info, { seed: short }))).toBe("linkExpired");

  const state = decodeRoomState(a.group.roomState());
  const closed = state.roles.map((role) =>
    role.index === ROLES.outsider ? { ...role, capabilities: [] } : role,
  );
  await change(a, () => ({ roles: closed }));
  expect(await asked(carol, a, long)).toBe("notAllowed");
  await change(a, () => ({ roles: state.roles }));
  await change(a, () => ({ joinLinks: [] }));
  expect(await asked(carol, a, long)).toBe("linkInvalid");
  // Revocation counts to the next use, also of whoever was told of the room before.
  expect(await refused(comeInWith(carol, a, info, { seed: long }))).toBe("linkInvalid");

  // T-18: a link whose role its maker may not give.
  await b.sync();
  const forged = { key: linkOfSeed(bob, long).key, role: ROLES.admin, createdBy: bob.user };
  const joinLinks = [{ ...forged, expiresAt: undefined, usesMax: undefined, invitee: undefined }];
  const wanted = { ...decodeRoomState(b.group.roomState()), joinLinks };
  const prepared = await b.prepare({ roomState: encodeRoomState(wanted) });
  expect((await b.update(b.bundle(prepared))).refusal?.code).toBe("notAllowed");
});

test("FED-1086 who came by a link takes its role by a second commit that uses up nothing", async () => {
  const a = await foundRoom(alice);
  const seed = seedOf(6);
  await makeLink(a, seed, { role: ROLES.admin, usesMax: 2 });
  const { seat: b, answer } = await comeIn(bob, a, { seed });
  accepted(answer);
  const raise = async (seat: Seat, ticket: Bytes | undefined) => {
    const state = decodeRoomState(seat.group.roomState());
    const own = { user: seat.person.user, role: ROLES.admin };
    const assignments = [...state.assignments, own].toSorted((x, y) => (x.user < y.user ? -1 : 1));
    const roomState = encodeRoomState({ ...state, assignments });
    const prepared = await seat.group.prepareCommit({ roomState }, aadWith(ticket));
    const response = await seat.update(seat.bundle(prepared));
    if (response.refusal !== undefined) await seat.group.discard();
    return response.refusal?.code;
  };
  const ticketOf = (seat: Seat) => ticketFor(seat.person, seed, seat.group);
  expect(await raise(b, undefined)).toBe("notAllowed");
  expect(await raise(b, ticketFor(carol, seed, b.group))).toBe("linkInvalid");
  expect(await raise(b, ticketOf(b))).toBeUndefined();
  await b.sync();
  // A member of before takes it as a use of its own, which is the last.
  await a.sync();
  await a.commit({ add: [await carol.keyPackage(), await mallory.keyPackage()] });
  await b.sync();
  const c = await joinByWelcome(carol, a.hubKey);
  expect(await raise(c, ticketOf(c))).toBeUndefined();
  const m = await joinByWelcome(mallory, a.hubKey);
  await m.sync();
  expect(await raise(m, ticketOf(m))).toBe("linkUsedUp");
  await a.sync();
  const roles = decodeRoomState(a.group.roomState()).assignments;
  expect(roles.filter(({ role }) => role === ROLES.admin).map(({ user }) => user)).toEqual(
    [bob.user, carol.user].toSorted(),
  );
});

/** As whose client does, unless another is told: the other's identity with the own signature. */
function knockOf(person: Person, room: RoomUri, as: Person = person, at = rig.env.now()): Bytes {
  const identity = leafIdentityCodec.decode(as.identity.leafIdentity);
  const unsigned = { act: "asks", key: linkOfSeed(person, seedOf(8)).key, at, identity } as const;
  return signKnock(room, unsigned, (message) =>
    rig.crypto.sign(person.identity.signaturePrivateKey, message),
  );
}

/** What becomes of a knock: the status of the answer, or the code of the refusal. */
async function knock(person: Person, room: RoomUri, code = knockOf(person, room)) {
  const question = askGroupInfo(person, room, undefined, code);
  const answer = await person.request("POST", paths.groupInfo(room), question.request);
  if (answer.refusal !== undefined) return answer.refusal.code;
  return groupInfoResponseCodec.decode(answer.body).status;
}

test("T-01 FED-1097 nobody knocks in another's name, at another room by what was said at one, or late", async () => {
  const first = await foundRoom(alice);
  const [other, third] = [await foundRoom(alice), await foundRoom(alice)];
  const { room } = first;
  expect(await knock(mallory, room, knockOf(mallory, room, carol))).toBe("identityInvalid");
  expect(await knock(mallory, room, knockOf(carol, room))).toBe("clientMismatch");
  expect(await knock(mallory, other.room, knockOf(mallory, room))).toBe("identityInvalid");
  const early = knockOf(mallory, other.room, mallory, rig.env.now() - 301_000);
  expect(await knock(mallory, other.room, early)).toBe("identityInvalid");
  expect(await knock(mallory, third.room, knockOf(mallory, third.room).slice(0, -1))).toBe(
    "malformed",
  );
  for (const seat of [first, other, third]) {
    await seat.sync();
    expect(seat.entries.filter(({ kind }) => kind === "knock")).toEqual([]);
  }
});

test("T-18 FED-1098 a link for somebody lets in nobody else who has its seed, whatever they sign", async () => {
  const a = await foundRoom(alice);
  const seed = seedOf(9);
  const { certificate } = leafIdentityCodec.decode(carol.identity.leafIdentity);
  const invitee = { user: carol.user, identityKey: certificate.identityKey };
  await makeLink(a, seed, { usesMax: 1, invitee });
  expect(await asked(bob, a, seed)).toBe("linkInvalid");
  const info = await givenTo(carol, a, seed);
  expect(await refused(comeInWith(bob, a, info, { seed }))).toBe("linkInvalid");
  accepted((await comeInWith(carol, a, info, { seed })).answer);
  // Of the right name, and under another identity key than whoever was meant.
  const b = await foundRoom(alice);
  await makeLink(b, seed, { invitee: { ...invitee, identityKey: seedOf(1) } });
  const known = await givenTo(carol, b, seed);
  expect(await refused(comeInWith(carol, b, known, { seed }))).toBe("linkInvalid");
});

test("FED-1083 an open room takes whoever comes, into the default role; what outsiders ask is bounded", async () => {
  const a = await foundRoom(alice);
  const state = decodeRoomState(a.group.roomState());
  const roles = state.roles.map((role) =>
    role.index === ROLES.outsider ? { ...role, capabilities: [0x0004] } : role,
  );
  await change(a, () => ({ roles }));
  const { seat: b, answer } = await comeIn(bob, a);
  accepted(answer);
  await b.say("hello");
  await a.sync();
  expect(a.texts).toEqual(["hello"]);
  const codes = new Set<string | undefined>();
  for (let count = 0; count < 61; count += 1) codes.add(await asked(carol, a));
  expect([...codes]).toEqual([undefined, "rateLimited"]);
  expect(await asked(mallory, a)).toBeUndefined();
  // T-20: who takes part is not counted among them.
  expect(await asked(bob, a)).toBeUndefined();
  expect(rig.faults).toEqual([]);
});

test("FED-1089 FED-1090 a knock is an entry that everybody in the room gets; how many come is bounded", async () => {
  const [a, b] = await openPair(alice, bob);
  const said = knockOf(mallory, a.room);
  expect(await knock(mallory, a.room, said)).toBe("notAuthorized");
  await b.sync();
  const entry = b.entries.at(-1);
  expect(entry?.kind === "knock" && entry.knock).toEqual(said);
  expect([await knock(mallory, a.room), await knock(mallory, a.room)]).toEqual([
    "notAuthorized",
    "rateLimited",
  ]);
  // The room goes on, and nobody has come in by it.
  await a.sync();
  await a.say("who is there?");
  await b.sync();
  expect(b.texts).toEqual(["who is there?"]);
  expect(await asked(mallory, a)).toBe("notMember");
  const pair = await foundRoom(alice, bob);
  expect(await knock(mallory, pair.room)).toBe("notMember");
  expect(rig.faults).toEqual([]);
});
