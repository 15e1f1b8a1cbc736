import { describe, expect, it } from "vitest";
import { parseDomain, parseUserUri } from "../../src/identifiers/index.ts";
import type { UserUri } from "../../src/identifiers/index.ts";
import {
  authorize,
  CAPABILITIES,
  participantsAfter,
  ROLES,
  roleOf,
  settle,
} from "../../src/policy/index.ts";
import type { RoomChange, RoomView } from "../../src/policy/index.ts";
import type { RoomState } from "../../src/room/index.ts";
import {
  olga,
  oskar,
  anna,
  ben,
  mia,
  max,
  zoe,
  group,
  nothing,
  add,
  remove,
  assign,
  edit,
  decide,
  code,
  metadata,
  no,
  yes,
  invalid,
} from "./house.ts";

const unknown = "versionUnsupported";

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
    ["a version floor", edit(group, { rulesVersion: 2, floor: 2 }), unknown, no, no],
    ["a lower term", edit(group, { term: 0 }), no, no, no],
    ["another hub", edit(group, { hub: parseDomain("other.example") }), yes, no, no],
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

  it("FED-705 FED-750 are all that the hub may make", () => {
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

  it("may step down without a right over the one who follows", () => {
    const roles = alone.state.roles.map((role) =>
      role.index === ROLES.owner ? { ...role, changes: [] } : role,
    );
    const view = { ...alone, state: { ...alone.state, roles } };
    expect(decide(view, olga, assign(view, olga, ROLES.member))).toBe("allowed");
    expect(decide(view, olga, assign(view, anna, ROLES.owner))).toBe("notAllowed");
  });

  it("is followed by the lowest leaf among equals, whatever the names", () => {
    const participants = [
      { user: anna, leaves: [9] },
      { user: ben, leaves: [3, 8] },
      { user: mia, leaves: [1] },
    ];
    const after = settle({ ...group, participants });
    expect(after?.assignments).toEqual([
      { user: anna, role: ROLES.admin },
      { user: ben, role: ROLES.owner },
    ]);
  });

  it("may step down, and the next one follows", () => {
    const change = assign(alone, olga, ROLES.member);
    expect(change.stateAfter?.assignments).toContainEqual({ user: anna, role: ROLES.owner });
    expect(decide(alone, olga, change)).toBe("allowed");
  });
});
