import { describe, expect, it } from "vitest";
import type { UserUri } from "../../src/identifiers/index.ts";
import { CAPABILITIES, ROLES, type RoomChange, type RoomView } from "../../src/policy/index.ts";
import {
  decodeRoomState,
  encodeRoomState,
  type JoinLink,
  sortedJoinLinks,
} from "../../src/room/index.ts";
import {
  add,
  anna,
  assign,
  code,
  decide,
  direct,
  edit,
  group,
  max,
  mia,
  olga,
  remove,
  zoe,
} from "./house.ts";

const link = (octet: number, part: Partial<JoinLink> = {}): JoinLink => ({
  key: new Uint8Array(32).fill(octet),
  role: ROLES.member,
  createdBy: anna,
  expiresAt: undefined,
  usesMax: undefined,
  invitee: undefined,
  ...part,
});
const linked = (...joinLinks: JoinLink[]): RoomView => ({
  ...group,
  state: { ...group.state, joinLinks: sortedJoinLinks(joinLinks) },
});
const withLinks = (view: RoomView, ...joinLinks: JoinLink[]): RoomChange =>
  edit(view, { joinLinks: sortedJoinLinks(joinLinks) });

describe("FED-1082 join links", () => {
  it.each<[string, UserUri, JoinLink, string]>([
    ["an admin for members", anna, link(1), "allowed"],
    ["an admin for admins", anna, link(1, { role: ROLES.admin }), "notAllowed"],
    ["an owner for admins", olga, link(1, { role: ROLES.admin, createdBy: olga }), "allowed"],
    ["an owner for owners", olga, link(1, { role: ROLES.owner, createdBy: olga }), "notAllowed"],
    ["a member for members", mia, link(1, { createdBy: mia }), "notAllowed"],
    ["an outsider for itself", zoe, link(1, { createdBy: zoe }), "notMember"],
    ["an admin in an owner's name", anna, link(1, { createdBy: olga }), "notAllowed"],
  ])("T-18 are made by whoever may give the role: %s", (_name, user, made, expected) => {
    expect(decide(group, user, withLinks(group, made))).toBe(expected);
  });

  it("are revoked by their maker, or by whoever may; never altered", () => {
    const view = linked(link(1, { createdBy: mia }), link(2, { createdBy: olga }));
    const [ofMia, ofOlga] = view.state.joinLinks;
    if (ofMia === undefined || ofOlga === undefined) throw new Error("two links");
    expect(decide(view, mia, withLinks(view, ofOlga))).toBe("allowed");
    expect(decide(view, mia, withLinks(view, ofMia))).toBe("notAllowed");
    expect(decide(view, anna, withLinks(view))).toBe("allowed");
    expect(decide(view, anna, withLinks(view, { ...ofMia, usesMax: 9 }, ofOlga))).toBe(
      "notAllowed",
    );
  });

  it("are none where the users are fixed", () => {
    const made = link(1, { createdBy: olga, role: ROLES.member });
    expect(decide(direct, olga, withLinks(direct, made))).toBe("notAllowed");
  });

  it("never give less than the default role", () => {
    const roles = group.state.roles.map((role) => ({ ...role }));
    const view: RoomView = {
      ...group,
      state: {
        ...group.state,
        roles,
        defaultRole: ROLES.admin,
        assignments: [{ user: olga, role: ROLES.owner }],
      },
    };
    expect(decide(view, olga, withLinks(view, link(1, { createdBy: olga })))).toBe("notAllowed");
  });

  it("stand in the state in one order, each with a role that somebody can hold", () => {
    const { state } = linked(link(7), link(3, { usesMax: 2, expiresAt: 5 }));
    expect(decodeRoomState(encodeRoomState(state)).joinLinks).toEqual(state.joinLinks);
    for (const joinLinks of [
      [link(7), link(3)],
      [link(3), link(3)],
      [link(3, { role: 9 })],
      [link(3, { role: 0 })],
      [link(3, { usesMax: 0 })],
      Array.from({ length: 33 }, (_, index) => link(index)),
    ]) {
      expect(() => encodeRoomState({ ...group.state, joinLinks })).toThrow(RangeError);
    }
  });
});

describe("FED-1083 who comes from outside", () => {
  const joiner = (user: UserUri, by?: JoinLink) =>
    ({ kind: "joiner", user, resync: false, link: by }) as const;
  const withOutsider = (view: RoomView, capabilities: number[], to = [ROLES.member as number]) => ({
    ...view,
    state: {
      ...view.state,
      roles: view.state.roles.map((role) =>
        role.index === ROLES.outsider
          ? { ...role, capabilities, changes: [{ from: 0, to }] }
          : role,
      ),
    },
  });

  it("T-18 comes by a link of the room, or not at all", () => {
    const view = linked(link(1));
    expect(code(view, joiner(zoe, link(1)), add(zoe))).toBe("allowed");
    expect(code(view, joiner(zoe), add(zoe))).toBe("notMember");
    const closed = withOutsider(view, []);
    expect(code(closed, joiner(zoe, link(1)), add(zoe))).toBe("notAllowed");
    const others = withOutsider(view, [CAPABILITIES.useJoinCode], [ROLES.admin]);
    expect(code(others, joiner(zoe, link(1)), add(zoe))).toBe("notAllowed");
    expect(code({ ...direct }, joiner(zoe, link(1)), add(zoe))).toBe("notMember");
  });

  it("T-18 brings one client of its own, and takes no leaf away", () => {
    const view = linked(link(1));
    expect(
      code(view, joiner(zoe, link(1)), { ...add(zoe), removed: [{ user: mia, leaf: 4 }] }),
    ).toBe("invalidCommit");
    expect(code(view, joiner(zoe, link(1)), add(zoe, zoe))).toBe("invalidCommit");
    expect(code(view, joiner(zoe, link(1)), add(mia))).toBe("invalidCommit");
    const given = { ...add(zoe), stateAfter: assign(view, mia, ROLES.admin).stateAfter };
    expect(code(view, joiner(zoe, link(1)), given)).toBe("invalidCommit");
  });

  it("comes by itself where the room is open, into the default role", () => {
    const open = withOutsider(group, [CAPABILITIES.openJoin]);
    expect(code(open, joiner(zoe), add(zoe))).toBe("allowed");
    const elsewhere = withOutsider(group, [CAPABILITIES.openJoin], [ROLES.admin]);
    expect(code(elsewhere, joiner(zoe), add(zoe))).toBe("notMember");
  });

  it("is bound by the numbers of the room and of the role", () => {
    const view = linked(link(1));
    const fullUp = {
      ...view,
      state: { ...view.state, basePolicy: { ...view.state.basePolicy, maxUsers: 6 } },
    };
    expect(code(fullUp, joiner(zoe, link(1)), add(zoe))).toBe("roomFull");
    const roles = view.state.roles.map((role) =>
      role.index === ROLES.member ? { ...role, maximumParticipants: 2 } : role,
    );
    const members = { ...view, state: { ...view.state, roles } };
    expect(code(members, joiner(zoe, link(1)), add(zoe))).toBe("roomFull");
  });

  it("takes the role of a higher link by a commit of its own, and no other", () => {
    const admin = link(1, { role: ROLES.admin, createdBy: olga });
    const view = linked(admin);
    const raise = assign(view, mia, ROLES.admin);
    expect(code(view, { kind: "member", user: mia }, raise)).toBe("notAllowed");
    expect(code(view, { kind: "member", user: mia, link: admin }, raise)).toBe("allowed");
    expect(
      code(view, { kind: "member", user: mia, link: admin }, assign(view, mia, ROLES.owner)),
    ).toBe("notAllowed");
    expect(
      code(view, { kind: "member", user: mia, link: admin }, assign(view, max, ROLES.admin)),
    ).not.toBe("allowed");
    expect(code(view, { kind: "member", user: mia, link: admin }, remove(view, 5))).toBe(
      "notAllowed",
    );
  });
});
