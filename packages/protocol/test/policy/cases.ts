import fc from "fast-check";
import { mintClientUri, parseDomain, parseUserUri } from "../../src/identifiers/index.ts";
import type { UserUri } from "../../src/identifiers/index.ts";
import {
  CAPABILITIES,
  participantsAfter,
  ROLES,
  roomView,
  settle,
  template,
} from "../../src/policy/index.ts";
import type { Actor, RoomChange, RoomView } from "../../src/policy/index.ts";
import { type Role, type RoomState, type Sanctions, userTag } from "../../src/room/index.ts";

export const hub = parseDomain("example.org");
const people = ["anna", "ben", "carl", "dora", "emil", "fred"].map((name) =>
  parseUserUri(`mimi://example.org/u/${name}`),
);
export const stranger = parseUserUri("mimi://example.org/u/zoe");
export const person = fc.constantFrom(...people);
export const numRuns = process.env["TREEHOUSE_SCALE"] === "full" ? 8000 : 800;

export type Case = { readonly view: RoomView; readonly actor: Actor; readonly change: RoomChange };

const capabilities = fc
  .uniqueArray(fc.constantFrom<number>(...Object.values(CAPABILITIES)), { maxLength: 36 })
  .map((list) => list.toSorted((a, b) => a - b));
export const ranks = [ROLES.member, ROLES.admin, ROLES.owner];
const rank = fc.constantFrom(0, 1, ...ranks);

/** Any definition of the roles of a group: far from the templates, but well formed. */
export const roles: fc.Arbitrary<readonly Role[]> = fc
  .tuple(
    ...[0, 1, ...ranks].map((index) =>
      fc.record({
        index: fc.constant(index),
        name: fc.constant(index === 1 ? "banned" : `role ${index}`),
        description: fc.constant(""),
        capabilities: fc.oneof(
          {
            weight: 3,
            arbitrary: fc.constant(Object.values<number>(CAPABILITIES).toSorted((a, b) => a - b)),
          },
          { weight: 2, arbitrary: capabilities },
        ),
        minimumParticipants: fc.constantFrom(0, 0, 0, 1),
        maximumParticipants: fc.constantFrom(undefined, undefined, 2),
        minimumActiveParticipants: fc.constant(0),
        maximumActiveParticipants: fc.constantFrom(undefined, undefined, 3),
        changes: fc
          .uniqueArray(
            fc.record({
              from: rank,
              to: fc
                .uniqueArray(rank, { minLength: 1, maxLength: 4 })
                .map((list) => list.toSorted((a, b) => a - b)),
            }),
            { maxLength: 4, selector: ({ from }) => from },
          )
          .map((list) => list.toSorted((a, b) => a.from - b.from)),
      }),
    ),
  )
  .map((list) => list);

const assignments = fc
  .uniqueArray(fc.record({ user: person, role: fc.constantFrom(ROLES.admin, ROLES.owner) }), {
    maxLength: 4,
    selector: ({ user }) => user,
  })
  .map((list) => list.toSorted((a, b) => (a.user < b.user ? -1 : 1)));

const salt = new Uint8Array(16);
const tagsOf = (users: readonly UserUri[]) => users.map((user) => userTag(salt, user)).toSorted();

/** Some of the people are banned and some muted, and it is left open who of them is there. */
const sanctionsOf: fc.Arbitrary<Sanctions> = fc
  .record({ banned: fc.subarray(people), muted: fc.subarray(people, { minLength: 1 }) })
  .map(({ banned, muted }) => ({
    salt,
    banned: tagsOf(banned.slice(0, 2)),
    muted: tagsOf(muted).map((user) => ({ user, until: undefined })),
  }));

export const states: fc.Arbitrary<RoomState> = fc
  .record({
    base: fc.constantFrom(
      template("group", { founder: people[0] ?? never(), hub, term: 1 }),
      template("group", { founder: people[0] ?? never(), hub, term: 1 }),
      template("direct", {
        founder: people[0] ?? never(),
        peer: people[1] ?? never(),
        hub,
        term: 1,
      }),
    ),
    custom: fc.option(roles, { nil: undefined }),
    assignments,
    metadata: fc.constantFrom(new Uint8Array(0), new Uint8Array([1])),
    maxUsers: fc.constantFrom(undefined, 2),
    sanctions: fc.oneof({ weight: 2, arbitrary: fc.constant(undefined) }, sanctionsOf),
  })
  .map(({ base, custom, assignments: own, metadata, maxUsers, sanctions }) =>
    base.template === "direct"
      ? { ...base, metadata }
      : {
          ...base,
          metadata,
          roles: custom ?? base.roles,
          assignments: own,
          sanctions,
          basePolicy: { ...base.basePolicy, maxUsers },
        },
  );

/** A settled room of up to five leaves, as every room is between two commits. */
export const views: fc.Arbitrary<RoomView> = fc
  .record({ state: states, seats: fc.array(person, { minLength: 1, maxLength: 6 }) })
  .map(({ state, seats }) => {
    const pair = state.template === "direct" ? people.slice(0, 2) : people;
    const leaves = new Map<UserUri, number[]>();
    seats.forEach((one, leaf) => {
      const user = pair[people.indexOf(one) % pair.length] ?? one;
      leaves.set(user, [...(leaves.get(user) ?? []), leaf]);
    });
    const roster = [...leaves].flatMap(([user, own]) =>
      own.map((leaf) => ({
        leaf,
        client: mintClientUri(user, (length) => new Uint8Array(length).fill(leaf)),
      })),
    );
    const view = roomView(withoutBansOf(state, [...leaves.keys()]), roster);
    return { ...view, state: settle(view) ?? view.state };
  });

/** Who is in a room is not banned from it. */
function withoutBansOf(state: RoomState, users: readonly UserUri[]): RoomState {
  const { sanctions } = state;
  if (sanctions === undefined) return state;
  const present = new Set(tagsOf(users));
  const banned = sanctions.banned.filter((tag) => !present.has(tag));
  return { ...state, sanctions: { ...sanctions, banned } };
}

/** A state that bans somebody more. */
function banning(state: RoomState, user: UserUri): RoomState {
  const before = state.sanctions ?? { salt, banned: [], muted: [] };
  const banned = [...new Set([...before.banned, ...tagsOf([user])])].toSorted();
  return { ...state, sanctions: { ...before, banned } };
}

export const cases: fc.Arbitrary<Case> = views.chain((view) => {
  const seats = view.participants.flatMap(({ user, leaves }) =>
    leaves.map((leaf) => ({ user, leaf })),
  );
  const present = fc.constantFrom(...view.participants.map(({ user }) => user));
  const user = fc.oneof({ weight: 3, arbitrary: present }, person);
  const member = fc.record({ kind: fc.constant("member" as const), user });
  const anybody = fc.oneof(present, person);
  const joiner = fc.record({
    kind: fc.constant("joiner" as const),
    user: anybody,
    resync: fc.boolean(),
  });
  const actor: fc.Arbitrary<Actor> = fc.oneof(
    { weight: 6, arbitrary: member },
    { weight: 1, arbitrary: fc.constant({ kind: "hub" as const }) },
    { weight: 2, arbitrary: joiner },
  );
  const one = fc.tuple(person, fc.constantFrom(...ranks)).map(([who, role]) => ({
    ...view.state,
    assignments: view.state.assignments
      .filter((entry) => entry.user !== who)
      .concat(role === view.state.defaultRole ? [] : [{ user: who, role }])
      .toSorted((a, b) => (a.user < b.user ? -1 : 1)),
  }));
  const edit: fc.Arbitrary<RoomState | undefined> = fc.oneof(
    { weight: 4, arbitrary: fc.constant(undefined) },
    { weight: 3, arbitrary: one },
    { weight: 1, arbitrary: fc.constant({ ...view.state, metadata: new Uint8Array([2]) }) },
    { weight: 1, arbitrary: states },
    {
      weight: 1,
      arbitrary: sanctionsOf.map((sanctions) =>
        withoutBansOf(
          { ...view.state, sanctions },
          view.participants.map((each) => each.user),
        ),
      ),
    },
  );
  const few = fc.subarray(seats).map((list) => list.slice(0, 2));
  const rarely = fc.oneof({ weight: 2, arbitrary: few.map((list) => list.slice(2)) }, few);
  return fc
    .record({
      actor,
      added: fc.array(person, { maxLength: 2 }),
      removed: rarely,
      pending: rarely,
      willing: fc.nat(4).map((draw) => draw > 0),
      edit,
      settles: fc.nat(4).map((draw) => draw > 0),
      bans: fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, person),
    })
    .map(({ actor: who, added, removed: taken, pending, willing, edit: wanted, settles, bans }) => {
      const removed = [...taken, ...seats.filter((seat) => seat.user === bans)];
      const edited = bans === undefined ? wanted : banning(wanted ?? view.state, bans);
      const all = willing ? [...new Set([...removed, ...pending])] : [...new Set(removed)];
      const change: RoomChange = {
        added: (who.kind === "joiner" && settles ? [who.user] : added).map((newcomer, index) => ({
          user: newcomer,
          client: mintClientUri(newcomer, (length) => new Uint8Array(length).fill(index)),
        })),
        removed: all,
        stateAfter: edited,
        pendingRemovals: pending.map(({ leaf }) => leaf),
      };
      if (!settles) return { view, actor: who, change };
      const participants = participantsAfter(view, change);
      const settled = settle({ state: edited ?? view.state, participants });
      return { view, actor: who, change: { ...change, stateAfter: settled ?? edited } };
    });
});

function never(): never {
  throw new Error("unreachable");
}

/** Two of the people are banned, and two muted: one for good and one until the time 5. */
export const anybodySanctioned: Sanctions = {
  salt,
  banned: people
    .slice(0, 2)
    .map((user) => userTag(salt, user))
    .toSorted(),
  muted: people
    .slice(2, 4)
    .map((user, index) => ({ user: userTag(salt, user), until: index === 0 ? undefined : 5 }))
    .toSorted((a, b) => (a.user < b.user ? -1 : 1)),
};
