import { describe, expect, it } from "vitest";
import { mintClientUri, parseDomain, parseUserUri, type UserUri } from "../identifiers/index.ts";
import type { RoomState } from "../room/index.ts";
import {
  type Actor,
  authorize,
  authorizeFounding,
  CAPABILITIES,
  mayLeave,
  maySend,
  participantsAfter,
  ROLES,
  type RoomChange,
  roleOf,
  type RoomView,
  settle,
  template,
} from "./index.ts";

const hub = parseDomain("example.org");
const named = (name: string): UserUri => parseUserUri(`mimi://example.org/u/${name}`);
const [olga, oskar, anna, ben] = [named("olga"), named("oskar"), named("anna"), named("ben")];
const [mia, max, zoe] = [named("mia"), named("max"), named("zoe")];

/** Olga (two clients) and Oskar own the room, Anna and Ben are admins, Mia and Max members. */
const group: RoomView = {
  state: {
    ...template("group", { founder: olga, hub, term: 1 }),
    assignments: [
      { user: anna, role: ROLES.admin },
      { user: ben, role: ROLES.admin },
      { user: olga, role: ROLES.owner },
      { user: oskar, role: ROLES.owner },
    ],
  },
  participants: [
    { user: anna, leaves: [2] },
    { user: ben, leaves: [3] },
    { user: max, leaves: [5] },
    { user: mia, leaves: [4, 7] },
    { user: olga, leaves: [0, 6] },
    { user: oskar, leaves: [1] },
  ],
};

const direct: RoomView = {
  state: template("direct", { founder: olga, peer: mia, hub, term: 1 }),
  participants: [
    { user: mia, leaves: [1] },
    { user: olga, leaves: [0] },
  ],
};

const nothing: RoomChange = { added: [], removed: [], stateAfter: undefined, pendingRemovals: [] };

function add(...users: UserUri[]): RoomChange {
  const added = users.map((user) => ({
    user,
    client: mintClientUri(user, (length) => new Uint8Array(length)),
  }));
  return { ...nothing, added };
}

/** Removes these leaves, and lets follow what must. */
function remove(view: RoomView, ...leaves: number[]): RoomChange {
  const removed = leaves.map((leaf) => ({
    user: view.participants.find((one) => one.leaves.includes(leaf))?.user ?? zoe,
    leaf,
  }));
  return settled(view, { ...nothing, removed });
}

function settled(view: RoomView, change: RoomChange): RoomChange {
  const state = change.stateAfter ?? view.state;
  const after = settle({ state, participants: participantsAfter(view, change) });
  return after === undefined ? change : { ...change, stateAfter: after };
}

function assign(view: RoomView, user: UserUri, role: number): RoomChange {
  const others = view.state.assignments.filter((entry) => entry.user !== user);
  const own = role === view.state.defaultRole ? [] : [{ user, role }];
  const assignments = [...others, ...own].toSorted((a, b) => (a.user < b.user ? -1 : 1));
  return settled(view, { ...nothing, stateAfter: { ...view.state, assignments } });
}

function edit(view: RoomView, part: Partial<RoomState>): RoomChange {
  return { ...nothing, stateAfter: { ...view.state, ...part } };
}

function decide(view: RoomView, user: UserUri, change: RoomChange): string {
  return code(view, { kind: "member", user }, change);
}

function code(view: RoomView, actor: Actor, change: RoomChange): string {
  const verdict = authorize(view, actor, change);
  return verdict.allowed ? "allowed" : verdict.code;
}

const metadata = new Uint8Array([1, 2, 3]);
const [no, yes, invalid] = ["notAllowed", "allowed", "invalidCommit"];

describe("a group decides by role", () => {
  // The columns: an owner (Olga), an admin (Anna), a member (Mia), an outsider (Zoe).
  const table: readonly [string, RoomChange, string, string, string][] = [
    ["nothing but a new path", nothing, yes, yes, yes],
    ["adding a user as a member", add(zoe), yes, yes, no],
    ["adding two users", add(zoe, parseUserUri("mimi://other.example/u/yan")), yes, yes, no],
    ["adding a user as an admin", { ...add(zoe), ...assignOnly(zoe, ROLES.admin) }, yes, no, no],
    ["adding a user as an owner", { ...add(zoe), ...assignOnly(zoe, ROLES.owner) }, no, no, no],
    ["adding a client of another member", add(max), yes, yes, no],
    ["adding a client of another owner", add(oskar), no, no, no],
    ["removing a member", remove(group, 5), yes, yes, no],
    ["removing an admin", remove(group, 3), yes, no, no],
    ["removing another owner", remove(group, 1), no, no, no],
    ["removing one client of a member", remove(group, 4), yes, yes, yes],
    [
      "removing somebody without settling",
      { ...remove(group, 3), stateAfter: undefined },
      invalid,
      no,
      no,
    ],
    ["removing a leaf that is not there", remove(group, 99), invalid, invalid, invalid],
    ["removing a leaf twice", remove(group, 5, 5), invalid, invalid, invalid],
    ["making a member an admin", assign(group, max, ROLES.admin), yes, no, no],
    ["making a member an owner", assign(group, max, ROLES.owner), yes, no, no],
    ["making an admin a member", assign(group, ben, ROLES.member), yes, no, no],
    ["making another owner an admin", assign(group, oskar, ROLES.admin), no, no, no],
    ["assigning an undefined role", assign(group, max, 9), no, no, no],
    ["naming the room", edit(group, { metadata }), yes, yes, no],
    [
      "sealing the metadata anew as a member leaves",
      { ...remove(group, 5), stateAfter: { ...group.state, metadata }, pendingRemovals: [5] },
      yes,
      yes,
      yes,
    ],
    ["a version floor", edit(group, { rulesVersion: 2, floor: 2 }), yes, no, no],
    ["a lower term", edit(group, { term: 0 }), no, no, no],
    ["another hub", edit(group, { hub: parseDomain("other.example") }), no, no, no],
    ["another template", edit(group, { template: "direct" }), no, no, no],
    [
      "a fixed membership",
      edit(group, { basePolicy: { ...group.state.basePolicy, fixedMembership: true } }),
      no,
      no,
      no,
    ],
    [
      "a bound of users",
      edit(group, { basePolicy: { ...group.state.basePolicy, maxUsers: 10 } }),
      yes,
      no,
      no,
    ],
    [
      "a component of a later version",
      edit(group, { otherComponents: [{ component: 0x9000, data: metadata }] }),
      yes,
      no,
      no,
    ],
    ["role definitions", edit(group, { roles: talkativeMembers() }), yes, no, no],
    [
      "role definitions together with a participant",
      { ...edit(group, { roles: talkativeMembers() }), added: add(zoe).added },
      invalid,
      no,
      no,
    ],
  ];

  it.each(table)("%s", (_, change, owner, admin, member) => {
    // A leaf that is not there is noticed before anything else.
    const outsider = member === invalid ? invalid : "notMember";
    expect([olga, anna, mia, zoe].map((one) => decide(group, one, change))).toEqual([
      owner,
      admin,
      member,
      outsider,
    ]);
  });

  function assignOnly(user: UserUri, role: number): Partial<RoomChange> {
    const assignments = [...group.state.assignments, { user, role }];
    return { stateAfter: { ...group.state, assignments } };
  }

  function talkativeMembers(): RoomState["roles"] {
    return group.state.roles.map((role) =>
      role.index === ROLES.member
        ? { ...role, capabilities: [CAPABILITIES.addParticipant, ...role.capabilities] }
        : role,
    );
  }
});

describe("removals that the hub proposed", () => {
  const pending = (leaves: readonly number[], change: RoomChange): RoomChange => ({
    ...change,
    pendingRemovals: leaves,
  });

  it("may be committed by every member", () => {
    for (const user of [olga, anna, mia, max]) {
      expect(decide(group, user, pending([1, 3], remove(group, 1, 3)))).toBe("allowed");
    }
  });

  it("must be committed by every commit of a member", () => {
    expect(authorize(group, { kind: "member", user: olga }, pending([3, 5], nothing))).toEqual({
      allowed: false,
      code: "removalPending",
      reason: "The commit must remove the leaves whose removal is pending.",
      leaves: [3, 5],
    });
    expect(decide(group, olga, pending([3, 5], remove(group, 3)))).toBe("removalPending");
  });

  it("give no right to remove more", () => {
    expect(decide(group, mia, pending([3], remove(group, 3, 5)))).toBe("notAllowed");
  });

  it("do not bind who joins by itself", () => {
    expect(code(group, { kind: "joiner", user: max, resync: false }, pending([3], add(max)))).toBe(
      "allowed",
    );
  });

  it("do not wait for leaves that are gone", () => {
    expect(decide(group, mia, pending([40], nothing))).toBe("allowed");
  });

  it("let the highest role with the lowest leaf succeed the last owner", () => {
    const leaving = [0, 1, 6];
    const change = pending(leaving, remove(group, ...leaving));
    expect(decide(group, mia, change)).toBe("allowed");
    const after: RoomView = {
      state: change.stateAfter ?? group.state,
      participants: participantsAfter(group, change),
    };
    expect([anna, ben, mia].map((one) => roleOf(after, one))).toEqual([
      ROLES.owner,
      ROLES.admin,
      ROLES.member,
    ]);
    const usurped = {
      ...change,
      stateAfter: {
        ...group.state,
        assignments: [
          { user: anna, role: ROLES.admin },
          { user: ben, role: ROLES.admin },
          { user: mia, role: ROLES.owner },
        ],
      },
    };
    expect(decide(group, mia, usurped)).toBe("notAllowed");
    expect(decide(group, mia, { ...change, stateAfter: undefined })).toBe("invalidCommit");
  });

  it("are all that the hub may make", () => {
    expect(code(group, { kind: "hub" }, remove({ ...group }, 4))).toBe("allowed");
    expect(code(group, { kind: "hub" }, add(zoe))).toBe("notAllowed");
    expect(code(group, { kind: "hub" }, edit(group, { metadata }))).toBe("notAllowed");
  });
});

describe("the last owner", () => {
  const alone: RoomView = {
    ...group,
    state: {
      ...group.state,
      assignments: group.state.assignments.filter(({ user }) => user !== oskar),
    },
  };

  it("cannot be removed or demoted even by roles that could remove owners", () => {
    const roles = group.state.roles.map((role) =>
      role.index === ROLES.admin
        ? {
            ...role,
            capabilities: [...role.capabilities, CAPABILITIES.changeUserRole],
            changes: [...role.changes, { from: ROLES.owner, to: [0, ROLES.member] }],
          }
        : role,
    );
    const view = { ...alone, state: { ...alone.state, roles } };
    expect(decide(view, anna, remove(view, 0, 6))).toBe("notAllowed");
    expect(decide(view, anna, assign(view, olga, ROLES.member))).toBe("notAllowed");
  });

  it("may step down, and the next one follows", () => {
    const change = assign(alone, olga, ROLES.member);
    expect(change.stateAfter?.assignments).toContainEqual({ user: anna, role: ROLES.owner });
    expect(decide(alone, olga, change)).toBe("allowed");
  });
});

describe("own clients and roles", () => {
  it("nobody raises their own role", () => {
    expect(decide(group, anna, assign(group, anna, ROLES.owner))).toBe("notAllowed");
    expect(decide(group, mia, assign(group, mia, ROLES.admin))).toBe("notAllowed");
  });

  it("who has more may take less", () => {
    expect(decide(group, anna, assign(group, anna, ROLES.member))).toBe("allowed");
  });

  it("a commit adds and removes further clients of its own user, but never the last", () => {
    expect(decide(group, mia, add(mia))).toBe("allowed");
    expect(decide(group, mia, remove(group, 7))).toBe("allowed");
    expect(decide(group, mia, remove(group, 4, 7))).toBe("invalidCommit");
  });

  it("an external commit brings in a client of a participant and replaces at most one", () => {
    const joiner = (user: UserUri, resync = false): Actor => ({ kind: "joiner", user, resync });
    const both = { ...add(mia), removed: [{ user: mia, leaf: 4 }] };
    expect(code(group, joiner(mia), add(mia))).toBe("allowed");
    expect(code(group, joiner(mia, true), both)).toBe("allowed");
    const two = { ...add(mia), removed: [...both.removed, { user: mia, leaf: 7 }] };
    expect(code(group, joiner(mia, true), two)).toBe("invalidCommit");
    const foreign = { ...add(mia), removed: [{ user: max, leaf: 5 }] };
    expect(code(group, joiner(mia, true), foreign)).toBe("invalidCommit");
    expect(
      code(group, joiner(mia), { ...add(mia), ...edit(group, { metadata }), added: both.added }),
    ).toBe("invalidCommit");
    expect(code(group, joiner(zoe), add(zoe))).toBe("notMember");
    expect(code(group, joiner(zoe), add(mia))).toBe("invalidCommit");
  });
});

describe("a user whose identity key changed", () => {
  const back = { ...add(max), removed: [{ user: max, leaf: 5 }] };

  it("comes back by a commit of somebody who may remove and add", () => {
    expect([olga, anna, mia].map((one) => decide(group, one, back))).toEqual([yes, yes, no]);
  });

  it("does not come back with a role that the committer could not give", () => {
    const change = { ...add(ben), removed: [{ user: ben, leaf: 3 }] };
    expect(decide(group, olga, change)).toBe("allowed");
    expect(decide(group, anna, change)).toBe("notAllowed");
  });
});

describe("numbers", () => {
  const bounded = (part: Partial<RoomState["basePolicy"]>): RoomView => ({
    ...group,
    state: { ...group.state, basePolicy: { ...group.state.basePolicy, ...part } },
  });

  it("bind what is added and nothing else", () => {
    expect(decide(bounded({ maxUsers: 6 }), olga, add(zoe))).toBe("roomFull");
    expect(decide(bounded({ maxUsers: 6 }), olga, add(olga))).toBe("allowed");
    expect(decide(bounded({ maxClients: 8 }), olga, add(olga))).toBe("roomFull");
    expect(decide(bounded({ maxUsers: 2 }), olga, remove(group, 5))).toBe("allowed");
    expect(decide(bounded({ multiDevice: false }), mia, add(mia))).toBe("notAllowed");
  });

  it("of a role bind moves into and out of it, but not what follows by itself", () => {
    const roles = group.state.roles.map((role) =>
      role.index === ROLES.admin
        ? { ...role, minimumParticipants: 2, maximumParticipants: 2 }
        : role,
    );
    const view = { ...group, state: { ...group.state, roles } };
    expect(decide(view, olga, assign(view, max, ROLES.admin))).toBe("roomFull");
    expect(decide(view, olga, remove(view, 3))).toBe("notAllowed");
    expect(decide(view, mia, { ...remove(view, 3), pendingRemovals: [3] })).toBe("allowed");
  });
});

describe("a direct room", () => {
  const alone: RoomView = { ...direct, participants: [{ user: olga, leaves: [0] }] };

  it("takes the pair and nobody else", () => {
    expect(decide(alone, olga, add(mia))).toBe("allowed");
    expect(decide(direct, olga, add(zoe))).toBe("notAllowed");
    expect(decide(alone, olga, add(zoe))).toBe("notAllowed");
    expect(code(direct, { kind: "joiner", user: zoe, resync: false }, add(zoe))).toBe("notMember");
  });

  it("has equals whose clients come and go", () => {
    for (const user of [olga, mia]) {
      expect(decide(direct, user, add(user))).toBe("allowed");
      expect(decide(direct, user, edit(direct, { metadata }))).toBe("allowed");
    }
    expect(decide(direct, olga, remove(direct, 1))).toBe("notAllowed");
    expect(decide(direct, olga, { ...remove(direct, 1), pendingRemovals: [1] })).toBe("allowed");
    expect(code(alone, { kind: "joiner", user: mia, resync: false }, add(mia))).toBe("allowed");
  });

  it("lets each take the other back with a new identity key", () => {
    const change = { ...add(mia), removed: [{ user: mia, leaf: 1 }] };
    expect(decide(direct, olga, change)).toBe("allowed");
  });

  it("never changes its pair", () => {
    const assignments = direct.state.assignments.filter(({ user }) => user === olga);
    expect(decide(direct, olga, edit(direct, { assignments }))).toBe("notAllowed");
    expect(settle(alone)).toBeUndefined();
  });
});

describe("sending and leaving", () => {
  it("take membership and the capability", () => {
    const verdicts = [maySend(group, mia), maySend(group, zoe), mayLeave(direct, mia)];
    expect(verdicts.map((one) => (one.allowed ? "allowed" : one.code))).toEqual([
      "allowed",
      "notMember",
      "allowed",
    ]);
    const roles = group.state.roles.map((role) => ({ ...role, capabilities: [] }));
    const silent = { ...group, state: { ...group.state, roles } };
    expect(maySend(silent, mia)).toMatchObject({ allowed: false, capability: 0x0100 });
    expect(mayLeave(silent, mia)).toMatchObject({ allowed: false, capability: 0x0006 });
  });
});

describe("a founding", () => {
  const founding = { founder: olga, hub, term: 1 };
  const first = (state: RoomState): RoomView => ({
    state,
    participants: [{ user: olga, leaves: [0] }],
  });
  const judge = (view: RoomView): string => {
    const verdict = authorizeFounding(view, founding);
    return verdict.allowed ? "allowed" : verdict.code;
  };

  it("is the template's state with the founder's metadata", () => {
    expect(judge(first({ ...template("group", founding), metadata }))).toBe("allowed");
    expect(judge(first(template("direct", { ...founding, peer: mia })))).toBe("allowed");
    expect(judge(first(template("direct", { ...founding, peer: olga })))).toBe("allowed");
  });

  it("is refused in any other state", () => {
    const { state } = first(template("group", founding));
    expect(judge(first({ ...state, term: 2 }))).toBe("notAllowed");
    expect(judge(first({ ...state, assignments: [] }))).toBe("notAllowed");
    expect(judge(first(template("group", { ...founding, founder: mia })))).toBe("notAllowed");
    expect(judge(first(template("direct", { ...founding, founder: mia, peer: zoe })))).toBe(
      "notAllowed",
    );
    expect(judge(first({ ...state, hubKey: new Uint8Array(32) }))).toBe("notAllowed");
    expect(judge({ ...group, state })).toBe("notAllowed");
  });
});

it("a room of unknown rules is not judged", () => {
  const later = { ...group, state: { ...group.state, rulesVersion: 2 } };
  expect(decide(later, olga, nothing)).toBe("versionUnsupported");
});
