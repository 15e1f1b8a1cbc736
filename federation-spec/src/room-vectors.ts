import {
  type Actor,
  authorize,
  encodeRoomState,
  type JoinLink,
  mintClientUri,
  parseDomain,
  parseUserUri,
  participantsAfter,
  ROLES,
  type RoomChange,
  type RoomState,
  type RoomView,
  type Sanctions,
  settle,
  template,
  toHex,
  type UserUri,
  userTag,
} from "@treehouse/protocol";
import { generationDecisions, generationStates } from "./generation-vectors.ts";
import { jsonValue } from "./json-value.ts";
import type { JsonValue } from "./json-value.ts";

const hub = parseDomain("example.org");
const named = (name: string): UserUri => parseUserUri(`mimi://example.org/u/${name}`);
const [olga, anna, mia, zoe] = [named("olga"), named("anna"), named("mia"), named("zoe")];
const hubKey = new Uint8Array(32).map((_, index) => index);

const begins = { founder: olga, hub, term: 1, hubKey };
const founded = template("group", begins);
const withAdmin: RoomState = {
  ...founded,
  assignments: [
    { user: anna, role: ROLES.admin },
    { user: olga, role: ROLES.owner },
  ],
};
const group: RoomView = {
  state: withAdmin,
  participants: [
    { user: anna, leaves: [1] },
    { user: mia, leaves: [2, 3] },
    { user: olga, leaves: [0] },
  ],
};
const direct: RoomView = {
  state: template("direct", { founder: olga, peer: mia, hub, term: 1 }),
  participants: [{ user: olga, leaves: [0] }],
};

const salt = new Uint8Array(16).fill(7);
/** Zoe is banned, Mia muted until the time 1000. */
const sanctioned: RoomView = {
  ...group,
  state: {
    ...withAdmin,
    sanctions: {
      salt,
      banned: [userTag(salt, zoe)],
      muted: [{ user: userTag(salt, mia), until: 1000 }],
    },
  },
};
/** A link that an owner has made for admins. */
const adminLink: JoinLink = {
  key: hubKey,
  role: ROLES.admin,
  createdBy: olga,
  expiresAt: undefined,
  usesMax: undefined,
  invitee: undefined,
};
const linked: RoomView = { ...group, state: { ...withAdmin, joinLinks: [adminLink] } };

const nothing: RoomChange = { added: [], removed: [], stateAfter: undefined, pendingRemovals: [] };

/** Octets in hexadecimal, and what they are. */
export interface EncodedVector {
  readonly name: string;
  readonly hex: string;
}

export interface RoomVectors {
  readonly states: readonly EncodedVector[];
  readonly malformed: readonly EncodedVector[];
  readonly decisions: readonly object[];
  readonly settlements: readonly object[];
}

/** The vectors of page 07: encodings, refusals, decisions and settlements. */
export function roomVectors(): RoomVectors {
  return {
    states: [
      ...generationStates(founded).map(([name, value]) => state(name, value)),
      state("a group as it is founded", founded),
      state("a direct room as it is founded", direct.state),
      state("an announcement room as it is founded", template("announcement", begins)),
      state("an open room as it is founded", template("open", begins)),
      state("a group with bans and mutes", sanctioned.state),
      state("a group with an admin, metadata and a component of a later version", {
        ...withAdmin,
        metadata: Uint8Array.of(1, 2, 3),
        otherComponents: [{ component: 0x9000, data: Uint8Array.of(4, 5) }],
      }),
      state("a group with a join link", linked.state),
    ],
    malformed: malformedStates(),
    decisions: decisions().map(([name, view, actor, change]) => ({
      name,
      view: viewOf(view),
      actor: jsonValue(actor),
      change: { ...change, stateAfter: hexOf(change.stateAfter) },
      verdict: verdictOf(view, actor, change),
    })),
    settlements: settlements().map(([name, view]) => ({
      name,
      view: viewOf(view),
      settled: hexOf(settle(view)),
    })),
  };
}

/** Rules that all clients here know, that one does not know, and a client that knows none. */
function versionDecisions(member: (user: UserUri) => Actor) {
  const stateAfter = { ...withAdmin, rulesVersion: 2, floor: 2 };
  const raised = { ...nothing, stateAfter };
  const all: RoomView = { ...group, rulesKnown: new Map([0, 1, 2, 3].map((leaf) => [leaf, 2])) };
  const { added, ...rest } = add(zoe);
  const older = { ...rest, added: added.map((one) => ({ ...one, rulesKnown: 0 })) };
  return [
    ["the owner raises the rules to what all clients know", all, member(olga), raised],
    ["an admin raises the rules", all, member(anna), raised],
    ["the owner raises the rules above what a client says", group, member(olga), raised],
    ["an admin adds a client below the floor", group, member(anna), older],
  ] as const;
}

function decisions(): readonly (readonly [string, RoomView, Actor, RoomChange])[] {
  const member = (user: UserUri): Actor => ({ kind: "member", user });
  const leaving = { ...nothing, removed: [{ user: olga, leaf: 0 }], pendingRemovals: [0] };
  const succeeded = settled(group, leaving);
  const metadata = { ...nothing, stateAfter: { ...withAdmin, metadata: Uint8Array.of(9) } };
  return [
    ["an owner adds a user", group, member(olga), add(zoe)],
    ["an admin adds a user", group, member(anna), add(zoe)],
    ["a member adds a user", group, member(mia), add(zoe)],
    ["a stranger adds itself", group, member(zoe), add(zoe)],
    ["a member adds a client of its own", group, member(mia), add(mia)],
    ["an admin removes the owner", group, member(anna), { ...succeeded, pendingRemovals: [] }],
    ["a member commits the owner's leave", group, member(mia), succeeded],
    ["a member commits it without the succession", group, member(mia), leaving],
    [
      "a member commits past a pending removal",
      group,
      member(mia),
      { ...nothing, pendingRemovals: [1] },
    ],
    ["an admin names the room", group, member(anna), metadata],
    ["a member names the room", group, member(mia), metadata],
    ["an admin makes itself an owner", group, member(anna), assign(anna, ROLES.owner)],
    ["the owner makes a member an admin", group, member(olga), assign(mia, ROLES.admin)],
    [
      "the hub removes a leaf",
      group,
      { kind: "hub" },
      { ...nothing, removed: [{ user: mia, leaf: 3 }] },
    ],
    ["the hub adds a user", group, { kind: "hub" }, add(zoe)],
    [
      "a participant's new client joins",
      group,
      { kind: "joiner", user: mia, resync: false },
      add(mia),
    ],
    [
      "a participant's client comes back",
      group,
      { kind: "joiner", user: mia, resync: true },
      replace(mia, 2),
    ],
    [
      "a joiner removes another user's leaf",
      group,
      { kind: "joiner", user: mia, resync: true },
      { ...add(mia), removed: [{ user: anna, leaf: 1 }] },
    ],
    ["a stranger joins", group, { kind: "joiner", user: zoe, resync: false }, add(zoe)],
    ...generationDecisions(group),
    ...versionDecisions(member),
    ["an admin bans a member", group, member(anna), bans(mia, [2, 3])],
    ["an admin bans a member of whom a client stays", group, member(anna), bans(mia, [2])],
    ["a member bans the admin", group, member(mia), bans(anna, [1])],
    ["an admin adds a banned user", sanctioned, member(anna), add(zoe)],
    ["a banned user joins", sanctioned, { kind: "joiner", user: zoe, resync: false }, add(zoe)],
    [
      "an admin lifts the sanctions",
      sanctioned,
      member(anna),
      { ...nothing, stateAfter: withAdmin },
    ],
    ["a muted user lifts the mute", sanctioned, member(mia), { ...nothing, stateAfter: withAdmin }],
    ["an owner makes a link for admins", group, member(olga), links(adminLink)],
    [
      "an admin makes a link for admins",
      group,
      member(anna),
      links({ ...adminLink, createdBy: anna }),
    ],
    ["an admin revokes an owner's link", linked, member(anna), links()],
    ["a member revokes an owner's link", linked, member(mia), links()],
    [
      "a stranger joins by a link",
      linked,
      { kind: "joiner", user: zoe, resync: false, link: adminLink },
      add(zoe),
    ],
    [
      "a member takes the role of a link",
      linked,
      { kind: "member", user: mia, link: adminLink },
      { ...nothing, stateAfter: { ...linked.state, assignments: withMia(ROLES.admin) } },
    ],
    [
      "a member takes a role above that of a link",
      linked,
      { kind: "member", user: mia, link: adminLink },
      { ...nothing, stateAfter: { ...linked.state, assignments: withMia(ROLES.owner) } },
    ],
    ["the founder brings in the peer", direct, member(olga), add(mia)],
    ["the founder brings in somebody else", direct, member(olga), add(zoe)],
  ];
}

function links(...joinLinks: readonly JoinLink[]): RoomChange {
  return { ...nothing, stateAfter: { ...withAdmin, joinLinks } };
}

function withMia(role: number): RoomState["assignments"] {
  return [
    { user: anna, role: ROLES.admin },
    { user: mia, role },
    { user: olga, role: ROLES.owner },
  ];
}

function settlements(): readonly (readonly [string, RoomView])[] {
  const without = (user: UserUri): RoomView => ({
    ...group,
    participants: group.participants.filter((one) => one.user !== user),
  });
  return [
    ["nothing follows", group],
    ["an entry of a user without a leaf goes", without(anna)],
    ["the admin succeeds the owner", without(olga)],
    ["the lowest leaf succeeds among equals", { ...without(olga), state: founded }],
    ["a fixed pair stays", direct],
  ];
}

function malformedStates(): readonly EncodedVector[] {
  const encoded = encodeRoomState(founded);
  const last = encoded.length - 1;
  return [
    { name: "no octets", hex: "" },
    { name: "an empty dictionary", hex: "00" },
    { name: "the last octet is missing", hex: toHex(encoded.subarray(0, last)) },
    { name: "an octet too many", hex: `${toHex(encoded)}00` },
    { name: "an assignment of an undefined role", hex: toHex(encoded.with(last, 9)) },
    { name: "an assignment of the default role", hex: toHex(encoded.with(last, ROLES.member)) },
  ];
}

function add(user: UserUri): RoomChange {
  const client = mintClientUri(user, (length) => new Uint8Array(length));
  return { ...nothing, added: [{ user, client }] };
}

function bans(user: UserUri, leaves: readonly number[]): RoomChange {
  const removed = leaves.map((leaf) => ({ user, leaf }));
  const change = settled(group, { ...nothing, removed });
  const sanctions = { salt, banned: [userTag(salt, user)], muted: [] };
  return { ...change, stateAfter: { ...(change.stateAfter ?? withAdmin), sanctions } };
}

function replace(user: UserUri, leaf: number): RoomChange {
  return { ...add(user), removed: [{ user, leaf }] };
}

function assign(user: UserUri, role: number): RoomChange {
  const assignments = withAdmin.assignments
    .filter((entry) => entry.user !== user)
    .concat([{ user, role }])
    .toSorted((a, b) => (a.user < b.user ? -1 : 1));
  return { ...nothing, stateAfter: { ...withAdmin, assignments } };
}

function settled(view: RoomView, change: RoomChange): RoomChange {
  const participants = participantsAfter(view, change);
  return { ...change, stateAfter: settle({ state: view.state, participants }) };
}

function verdictOf(view: RoomView, actor: Actor, change: RoomChange): string {
  const verdict = authorize(view, actor, change);
  return verdict.allowed ? "allowed" : verdict.code;
}

function state(name: string, value: RoomState): EncodedVector & { readonly value: JsonValue } {
  return { name, hex: toHex(encodeRoomState(value)), value: jsonValue(withNulls(value)) };
}

/** What is absent is null, as in all vectors. */
function withNulls({ roles, basePolicy, hubKey: key, sanctions, ...others }: RoomState): object {
  const { parentRoom, maxClients, maxUsers, ...policy } = basePolicy;
  return {
    ...others,
    hubKey: key ?? null,
    sanctions: sanctions === undefined ? null : sanctionsWithNulls(sanctions),
    roles: roles.map((role) => ({
      ...role,
      maximumParticipants: role.maximumParticipants ?? null,
      maximumActiveParticipants: role.maximumActiveParticipants ?? null,
    })),
    basePolicy: {
      ...policy,
      parentRoom: parentRoom ?? null,
      maxClients: maxClients ?? null,
      maxUsers: maxUsers ?? null,
    },
  };
}

function sanctionsWithNulls({ muted, ...others }: Sanctions): object {
  return { ...others, muted: muted.map(({ user, until }) => ({ user, until: until ?? null })) };
}

function viewOf(view: RoomView): object {
  const { participants, rulesKnown = [] } = view;
  return { state: hexOf(view.state), participants, rulesKnown: [...rulesKnown] };
}

function hexOf(value: RoomState | undefined): string | null {
  return value === undefined ? null : toHex(encodeRoomState(value));
}
