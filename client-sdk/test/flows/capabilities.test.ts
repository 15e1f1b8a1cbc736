import { type CommitIntent, joinExternal, readGroupInfo } from "@treehouse/mls/member";
import {
  authorize,
  type Bytes,
  encodeRoomState,
  parseUserUri,
  paths,
  Refusal,
  type RoomChange,
  type RoomState,
  type RoomTemplate,
  type RoomView,
  updateRequestCodec,
  type UserUri,
  type Verdict,
} from "@treehouse/protocol";
import { expect, test } from "vitest";

import {
  type Act,
  acts,
  actors,
  actorsIn,
  judge,
  others,
  roomOf,
} from "../../../federation-spec/src/policy/index.ts";
import { aadWith, askGroupInfo, ticketFor } from "../../../homeserver/test/delivery/external.ts";
import { type House, openHouse, TAKEN } from "../../../homeserver/test/delivery/house.ts";
import type { Person } from "../../../homeserver/test/delivery/person.ts";
import { policyBefore, violationOf } from "../../src/groups/room/check-policy.ts";

const full = process.env["TREEHOUSE_SCALE"] === "full";
const kinds: readonly RoomTemplate[] = full
  ? ["direct", "group", "announcement", "open"]
  : ["direct", "group"];
/** Of the reduced size, one in so many. */
const step = full ? 1 : 5;
const timeout = full ? 600_000 : 60_000;

type CommitAct = Act & { readonly kind: "commit" };
type Case = { readonly act: CommitAct; readonly user: UserUri; readonly change: RoomChange };

/** What each tries of what can be put into a commit of this epoch. */
function casesOf(kind: RoomTemplate, { view }: House): readonly Case[] {
  const tables = kind === "direct" ? withNames(view, founder, others.member) : view;
  return actorsIn(kind).flatMap((name) =>
    acts.flatMap((act) => {
      const user = actors[name];
      if (act.kind !== "commit" || judge(act, tables, user) === undefined) return [];
      const change = act.change(tables, user);
      const { removed, stateAfter: state } = change;
      if (change.pendingRemovals.length > 0 || !canBeSaid(state)) return [];
      if (kind !== "direct") return [{ act, user, change }];
      const back = (one: UserUri) => (one === others.member ? founder : one);
      const stateAfter = state && withNames({ ...view, state }, others.member, founder).state;
      const gone = removed.map((one) => ({ ...one, user: back(one.user) }));
      return [{ act, user, change: { ...change, removed: gone, stateAfter } }];
    }),
  );
}

/** Whether a room can be in this state at all; what no decoder takes nobody can put into a commit. */
function canBeSaid(state: RoomState | undefined): boolean {
  try {
    return state === undefined || encodeRoomState(state).length > 0;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** In a pair the founder, who is at the hub, is whom the tables call the other member. */
const founder = parseUserUri("mimi://hub.example/u/hugo");

function withNames(
  { state, participants, ...rest }: RoomView,
  from: UserUri,
  to: UserUri,
): RoomView {
  const renamed = <T extends { readonly user: UserUri }>(list: readonly T[]): readonly T[] =>
    list
      .map((one) => (one.user === from ? { ...one, user: to } : one))
      .toSorted((a, b) => (a.user < b.user ? -1 : 1));
  const assignments = renamed(state.assignments);
  return { ...rest, participants: renamed(participants), state: { ...state, assignments } };
}

async function intentOf(house: House, change: RoomChange): Promise<CommitIntent> {
  return {
    add: await house.keyPackages(change.added),
    remove: change.removed.map(({ leaf }) => leaf),
    ...(change.stateAfter === undefined ? {} : { roomState: encodeRoomState(change.stateAfter) }),
  };
}

/** What MLS has a rule for before anybody asks who may do it. */
const refusedByMls = new Set(["name another hub", "lower the term"]);

/** What hub, follower and an honest client each say to a commit of who keeps to nothing but MLS. */
async function answersTo(house: House, { user, change }: Case): Promise<readonly string[]> {
  const { servers, names } = house;
  const who = house.people.get(user);
  // Who is not in sends what somebody else could have made.
  const seat = house.seats.get(user) ?? house.seats.get(actors.member);
  if (who === undefined || seat === undefined) throw new Error("nobody acts");
  const made = await seat.prepare(await intentOf(house, change)).catch(refusalOf);
  if (made instanceof Refusal) return [made.code, made.code, made.code];
  const bundle = seat.bundle(made);
  await seat.group.discard();
  const atHub = await codeOf(servers.hub.delivery.hosted.update(who, names.room, bundle));
  servers.cut = true;
  const { refusal } = await who.request("POST", paths.update(names.room), bundle);
  servers.cut = false;
  const isIn = seat.person === who;
  const atClient = isIn ? await judgedByClient(house, made.commit, change, user, atHub) : atHub;
  return [atHub, refusal?.code ?? "allowed", atClient];
}

function expectedOf({ view }: House, { act, user, change }: Case): readonly string[] {
  const code = codeIn(authorize(view, { kind: "member", user }, change));
  if (refusedByMls.has(act.name)) return ["invalidCommit", "invalidCommit", "invalidCommit"];
  // A follower does not track which removals are proposed, nor which rules the clients know.
  const pendingRemovals = change.removed.map(({ leaf }) => leaf);
  const judged = codeIn(authorize(view, { kind: "member", user }, { ...change, pendingRemovals }));
  const isLeft = act.capability === "raiseRules" || judged === "allowed";
  // What it leaves to the hub fails there, for that cannot be asked meanwhile.
  return [code, isLeft ? "internal" : judged, code];
}

function codeIn(verdict: Verdict): string {
  return verdict.allowed ? "allowed" : verdict.code;
}

/** What an honest client says of a commit that its hub has taken. */
async function judgedByClient(
  house: House,
  commit: Bytes,
  { removed }: RoomChange,
  by: UserUri,
  atHub: string,
): Promise<string> {
  const gone = new Set(removed.map(({ user }) => user));
  const reader = [...house.seats].find(([user]) => user !== by && !gone.has(user))?.[1];
  // Where the other one of a pair goes, nobody is left who could refuse it.
  if (reader === undefined) return atHub;
  const { crypto, env } = house.servers.hub;
  const at = env.now();
  const group = await reader.copy();
  const before = policyBefore(group);
  const result = await group.processCommit(commit, { acceptedAt: at });
  const violation = violationOf(before, result, group, {
    at,
    verify: (key, message, signature) => crypto.verify(key, message, signature),
  });
  return violation?.code ?? "allowed";
}

async function codeOf(asked: Promise<unknown>): Promise<string> {
  return asked.then(
    () => "allowed",
    (error: unknown) => {
      const { code } = refusalOf(error);
      return code === TAKEN ? "allowed" : code;
    },
  );
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  throw error;
}

test.each(kinds)(
  "R-064 R-074 T-16 FED-756 in a %s room hub, follower and clients say of each act what the table says",
  { timeout },
  async (kind) => {
    await using house = await openHouse(kind);
    const told: (readonly string[])[] = [];
    const expected: (readonly string[])[] = [];
    for (const one of casesOf(kind, house).filter((_, index) => index % step === 0)) {
      const name = [one.user, one.act.name];
      told.push([...name, ...(await answersTo(house, one))]);
      expected.push([...name, ...expectedOf(house, one)]);
    }
    expect(told).toEqual(expected);
    const answers = told.map(([, , atHub]) => atHub);
    expect(answers).toContain("allowed");
    expect(answers).toContain("notAllowed");
    expect(answers).toContain("notMember");
    await asksAsTheTableSays(kind, house);
  },
);

/** What is asked of the hub outside of members' commits; leaving last, for then nothing more is taken. */
async function asksAsTheTableSays(kind: RoomTemplate, house: House): Promise<void> {
  const told: (readonly string[])[] = [];
  const expected: (readonly string[])[] = [];
  for (const name of actorsIn(kind)) {
    for (const [asked, ask] of asks) {
      const act = acts.find((one) => one.name === asked);
      const person = house.people.get(actors[name]);
      if (act === undefined || person === undefined) throw new Error(`nobody does ${asked}`);
      const verdict = judge(act, roomOf(kind), person.user);
      // A room without a link has none that it could refuse.
      const isVoid = asked === "come in by a link" && house.view.state.joinLinks.length === 0;
      if (verdict === undefined || isVoid) continue;
      told.push([name, asked, await codeOf(ask(house, person))]);
      expected.push([name, asked, codeIn(verdict)]);
    }
  }
  expect(told).toEqual(expected);
}

type Ask = (house: House, person: Person) => Promise<unknown>;

const asks: readonly (readonly [string, Ask])[] = [
  [
    "send a message",
    async ({ seats, servers, names }, person) => {
      const seat = seats.get(person.user) ?? seats.get(actors.member);
      if (seat === undefined) throw new Error("nobody speaks");
      const message = await seat.group.encrypt(new Uint8Array(64), seat.aad());
      const { hosted } = servers.hub.delivery;
      return hosted.submit(person, names.room, seat.submission(message, person.user));
    },
  ],
  ["come in with a new client", (house, person) => comeIn(house, newClientOf(house, person))],
  [
    "come back with a client",
    (house, person) =>
      comeIn(house, person, { removeLeaf: house.seats.get(person.user)?.group.ownLeaf }),
  ],
  ["come in", (house, person) => comeIn(house, person)],
  ["come in by a link", (house, person) => comeIn(house, person, { seed: house.linkSeed })],
  ["leave", ({ servers, names }, person) => servers.hub.delivery.hosted.leave(person, names.room)],
];

function newClientOf(house: House, person: Person): Person {
  const { identity } = house.spareOf(person.user);
  return { ...person, identity, client: identity.client };
}

async function comeIn(
  { servers, names }: House,
  person: Person,
  { removeLeaf, seed }: { readonly removeLeaf?: number | undefined; readonly seed?: Bytes } = {},
): Promise<unknown> {
  const { hosted } = servers.hub.delivery;
  const { request, open } = askGroupInfo(person, names.room, seed);
  const told = open(await hosted.groupInfo(person, names.room, request));
  if (told.ratchetTree === undefined) throw new Error("no tree");
  const ticket = seed && ticketFor(person, seed, readGroupInfo(told.groupInfo));
  const { prepared } = await joinExternal(person.context, person.identity, {
    groupInfo: told.groupInfo,
    ratchetTree: told.ratchetTree,
    ...(removeLeaf === undefined ? {} : { removeLeaf }),
    authenticatedData: aadWith(ticket),
    at: person.rig.env.now(),
  });
  const { commit, groupInfo, welcome } = prepared;
  const upload = { kind: "commit", commit, welcome, groupInfo, firstMessage: undefined } as const;
  return hosted.update(person, names.room, updateRequestCodec.encode(upload));
}
