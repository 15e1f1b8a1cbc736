import { describe, expect, it } from "vitest";
import type { UserUri } from "../../src/identifiers/index.ts";
import {
  authorizeFounding,
  mayLeave,
  maySend,
  ROLES,
  rulesKnownByAll,
  settle,
  template,
} from "../../src/policy/index.ts";
import type { Actor, RoomView } from "../../src/policy/index.ts";
import type { RoomState } from "../../src/room/index.ts";
import {
  hub,
  olga,
  anna,
  ben,
  mia,
  max,
  zoe,
  group,
  direct,
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
} from "./house.ts";

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

  it("FED-705 FED-751 an external commit brings in a client of a participant and replaces at most one", () => {
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
    const verdicts = [maySend(group, mia, 0), maySend(group, zoe, 0), mayLeave(direct, mia)];
    expect(verdicts.map((one) => (one.allowed ? "allowed" : one.code))).toEqual([
      "allowed",
      "notMember",
      "allowed",
    ]);
    const roles = group.state.roles.map((role) => ({ ...role, capabilities: [] }));
    const silent = { ...group, state: { ...group.state, roles } };
    expect(maySend(silent, mia, 0)).toMatchObject({ allowed: false, capability: 0x0100 });
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
    for (const kind of ["group", "announcement", "open"] as const) {
      expect(judge(first({ ...template(kind, founding), metadata }))).toBe("allowed");
    }
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

it("FED-730 a room of unknown rules is not judged", () => {
  const later = { ...group, state: { ...group.state, rulesVersion: 2 } };
  expect(decide(later, olga, nothing)).toBe("versionUnsupported");
});

it("FED-745 nobody makes a room one of rules that a client in it does not know", () => {
  const leaves = group.participants.flatMap((one) => one.leaves);
  const knowing = (versions: ReadonlyMap<number, number>) => ({ ...group, rulesKnown: versions });
  const all = new Map(leaves.map((leaf) => [leaf, 2]));
  const last = 5;
  for (const part of [{ rulesVersion: 2 }, { rulesVersion: 2, floor: 2 }]) {
    const raised = edit(group, part);
    for (const behind of [group, knowing(new Map([...all, [last, 1]]))]) {
      expect(decide(behind, olga, raised)).toBe("versionUnsupported");
    }
    expect(decide(knowing(all), olga, raised)).toBe("allowed");
    expect(decide(knowing(all), mia, raised)).toBe("notAllowed");
  }
  // Whoever goes with the commit is not asked.
  const without = remove(group, last);
  const raised = { ...(without.stateAfter ?? group.state), rulesVersion: 2, floor: 2 };
  const behind = knowing(new Map([...all, [last, 1]]));
  expect(decide(behind, olga, { ...without, stateAfter: raised })).toBe("allowed");
  expect(rulesKnownByAll(behind)).toBe(1);
  expect(rulesKnownByAll(knowing(all))).toBe(2);
});

it("FED-745 nobody comes whose client knows less than the floor, by whichever way", () => {
  const change = (rulesKnown: number, user = zoe) => ({
    ...nothing,
    added: add(user).added.map((one) => ({ ...one, rulesKnown })),
  });
  expect(decide(group, olga, change(0))).toBe("versionUnsupported");
  expect(decide(group, olga, change(1))).toBe("allowed");
  const joiner: Actor = { kind: "joiner", user: mia, resync: false };
  expect(code(group, joiner, change(0, mia))).toBe("versionUnsupported");
  expect(code(group, joiner, change(1, mia))).toBe("allowed");
});
