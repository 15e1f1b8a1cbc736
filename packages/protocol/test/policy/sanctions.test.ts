import { describe, expect, it } from "vitest";
import type { UserUri } from "../../src/identifiers/index.ts";
import { CAPABILITIES, maySend, ROLES, template } from "../../src/policy/index.ts";
import type { RoomChange, RoomView } from "../../src/policy/index.ts";
import { isBanned, type RoomState, type Sanctions, userTag } from "../../src/room/index.ts";
import {
  add,
  anna,
  assign,
  ben,
  code,
  decide,
  direct,
  edit,
  group,
  hub,
  max,
  mia,
  nothing,
  olga,
  oskar,
  remove,
  zoe,
} from "./house.ts";

const salt = new Uint8Array(16).fill(7);

function sanctions(banned: readonly UserUri[], muted: readonly UserUri[] = [], until?: number) {
  const tags = (users: readonly UserUri[]) => users.map((user) => userTag(salt, user)).toSorted();
  const mutes = tags(muted).map((user) => ({ user, until }));
  return { salt, banned: tags(banned), muted: mutes } satisfies Sanctions;
}

/** The group with these sanctions in force. */
function sanctioned(value: Sanctions | undefined, view: RoomView = group): RoomView {
  return { ...view, state: { ...view.state, sanctions: value } };
}

/** A commit that removes these leaves and leaves these sanctions. */
function banning(view: RoomView, leaves: readonly number[], value: Sanctions): RoomChange {
  const change = remove(view, ...leaves);
  return { ...change, stateAfter: { ...(change.stateAfter ?? view.state), sanctions: value } };
}

/** What an owner, an admin, a member and an outsider are told. */
function all(view: RoomView, change: RoomChange): readonly string[] {
  return [olga, anna, mia, zoe].map((user) => decide(view, user, change));
}

const [no, yes, outside] = ["notAllowed", "allowed", "notMember"];

describe("FED-743 a ban", () => {
  it("takes a user out with all clients, in one commit, by who may ban that role", () => {
    expect(all(group, banning(group, [5], sanctions([max])))).toEqual([yes, yes, no, outside]);
    expect(all(group, banning(group, [3], sanctions([ben])))).toEqual([yes, no, no, outside]);
    expect(all(group, banning(group, [1], sanctions([oskar])))).toEqual([no, no, no, outside]);
  });

  it("leaves no client of the banned user in the room", () => {
    const half = banning(group, [4], sanctions([mia]));
    expect(decide(group, anna, half)).toBe("invalidCommit");
    expect(decide(group, anna, edit(group, { sanctions: sanctions([mia]) }))).toBe("invalidCommit");
    expect(decide(group, olga, banning(group, [6], sanctions([olga])))).toBe("invalidCommit");
  });

  it("holds for who has left, is leaving, or was never there", () => {
    const absent = edit(group, { sanctions: sanctions([zoe]) });
    expect(all(group, absent)).toEqual([yes, yes, no, outside]);
    const leaving = { ...banning(group, [5], sanctions([max])), pendingRemovals: [5] };
    expect([olga, anna, mia].map((user) => decide(group, user, leaving))).toEqual([yes, yes, no]);
  });

  it("keeps the user out: added, by its own commit, in the commit that lifts it", () => {
    const view = sanctioned(sanctions([zoe]));
    expect(all(view, add(zoe))).toEqual(["banned", "banned", "banned", outside]);
    const joiner = { kind: "joiner", user: zoe, resync: false } as const;
    expect(code(view, joiner, add(zoe))).toBe("banned");
    const lifting = { ...add(zoe), stateAfter: { ...view.state, sanctions: undefined } };
    expect(decide(view, olga, lifting)).toBe("banned");
    expect(decide(view, olga, { ...banning(view, [], sanctions([zoe])), ...add(zoe) })).toBe(
      "banned",
    );
  });

  it("is lifted by who may, and the user can be added then", () => {
    const view = sanctioned(sanctions([zoe]));
    const lifting = edit(view, { sanctions: undefined });
    expect(all(view, lifting)).toEqual([yes, yes, no, outside]);
    expect(decide(sanctioned(undefined), anna, add(zoe))).toBe(yes);
  });

  it("needs the role of the banned, and the right to move users into it", () => {
    const without = (change: (role: RoomState["roles"][number]) => RoomState["roles"]) => {
      const roles = group.state.roles.flatMap(change);
      return { ...group, state: { ...group.state, roles } };
    };
    const renamed = without((role) => [role.index === 1 ? { ...role, name: "guests" } : role]);
    const unable = without((role) => [
      role.index === ROLES.admin
        ? { ...role, capabilities: role.capabilities.filter((one) => one !== CAPABILITIES.ban) }
        : role,
    ]);
    for (const view of [renamed, unable]) {
      expect(decide(view, anna, banning(view, [5], sanctions([max])))).toBe(no);
    }
    expect(decide(direct, olga, banning(direct, [1], sanctions([mia])))).toBe(no);
  });

  it("keeps its salt, without which nobody would be found again", () => {
    const view = sanctioned(sanctions([zoe]));
    const other = { ...sanctions([]), salt: new Uint8Array(16), banned: [userTag(salt, zoe)] };
    expect(decide(view, olga, edit(view, { sanctions: other }))).toBe("invalidCommit");
  });

  it("finds nobody else", () => {
    const found = [olga, anna, mia, zoe].filter((user) => isBanned(sanctions([zoe]), user));
    expect(found).toEqual([zoe]);
  });
});

describe("FED-744 a mute", () => {
  const mute = (user: UserUri, until?: number) =>
    edit(group, { sanctions: sanctions([], [user], until) });

  it("is set and lifted by who may take that user out", () => {
    expect(all(group, mute(max))).toEqual([yes, yes, no, outside]);
    expect(all(group, mute(ben))).toEqual([yes, no, no, outside]);
    expect(all(group, mute(oskar))).toEqual([no, no, no, outside]);
    expect(all(group, mute(zoe))).toEqual([yes, yes, no, outside]);
    const view = sanctioned(sanctions([], [ben]));
    expect(all(view, edit(view, { sanctions: undefined }))).toEqual([yes, no, no, outside]);
    const longer = edit(view, { sanctions: sanctions([], [ben], 9) });
    expect(all(view, longer)).toEqual([yes, no, no, outside]);
  });

  it("is nobody's own to lift, whatever the role", () => {
    const view = sanctioned(sanctions([], [anna]));
    expect(decide(view, anna, edit(view, { sanctions: undefined }))).toBe(no);
    expect(decide(group, olga, mute(olga))).toBe(no);
  });

  it("refuses messages until it ends", () => {
    const verdict = (view: RoomView, user: UserUri, at: number) => {
      const told = maySend(view, user, at);
      return told.allowed ? yes : told.code;
    };
    const forGood = sanctioned(sanctions([], [max]));
    expect([verdict(forGood, max, 1e15), verdict(forGood, mia, 1e15)]).toEqual(["muted", yes]);
    const until = sanctioned(sanctions([], [max], 5));
    expect([4, 5].map((at) => verdict(until, max, at))).toEqual(["muted", yes]);
  });

  it("outlives leaving, so that coming back does not lift it", () => {
    const view = sanctioned(sanctions([], [max]));
    const leaving = { ...remove(view, 5), pendingRemovals: [5] };
    expect(decide(view, mia, leaving)).toBe(yes);
    expect((leaving.stateAfter ?? view.state).sanctions).toEqual(view.state.sanctions);
  });
});

describe("the templates", () => {
  it("of an announcement room let members read and speakers write", () => {
    const state = {
      ...template("announcement", { founder: olga, hub, term: 1 }),
      assignments: [
        { user: ben, role: ROLES.speaker },
        { user: olga, role: ROLES.owner },
      ],
    };
    const participants = [ben, max, olga].map((user, leaf) => ({ user, leaves: [leaf] }));
    const view = { state, participants };
    expect([olga, ben, max].map((user) => maySend(view, user, 0).allowed)).toEqual([
      true,
      true,
      false,
    ]);
    expect(decide(view, olga, assign(view, max, ROLES.speaker))).toBe(yes);
    expect(decide(view, ben, assign(view, max, ROLES.speaker))).toBe(no);
    expect(decide(view, ben, assign(view, ben, ROLES.member))).toBe(yes);
  });

  it("of an open room let members bring others in, and nobody gain from coming", () => {
    const state = template("open", { founder: olga, hub, term: 1 });
    const view = {
      state,
      participants: [olga, max].map((user, leaf) => ({ user, leaves: [leaf] })),
    };
    expect(decide(view, max, add(zoe))).toBe(yes);
    const assignments = [...state.assignments, { user: zoe, role: ROLES.admin }];
    expect(decide(view, max, { ...add(zoe), stateAfter: { ...state, assignments } })).toBe(no);
    expect(decide(view, max, nothing)).toBe(yes);
    expect(decide(view, max, remove(view, 0))).toBe(no);
  });
});
