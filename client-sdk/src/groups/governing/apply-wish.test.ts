import {
  authorize,
  CAPABILITIES,
  encodeRoomState,
  isBanned,
  parseDomain,
  parseUserUri,
  Refusal,
  ROLES,
  type RoomState,
  type RoomView,
  template,
} from "@treehouse/protocol";
import { describe, expect, it } from "vitest";

import { applyWish, decodePolicyWish, encodePolicyWish, type PolicyWish } from "./index.ts";

const named = (name: string) => parseUserUri(`mimi://example.org/u/${name}`);
const [olga, ben, mia, zoe] = [named("olga"), named("ben"), named("mia"), named("zoe")];
const view: RoomView = {
  state: template("group", { founder: olga, hub: parseDomain("example.org"), term: 1 }),
  participants: [ben, mia, olga].map((user, leaf) => ({ user, leaves: [leaf] })),
};
const world = { random: (length: number) => new Uint8Array(length), now: () => 100 };

/** The room once a wish was worked in, stored and read back before. */
function after(before: RoomView, wish: PolicyWish): RoomView {
  const state = applyWish(before, decodePolicyWish(encodePolicyWish(wish)), world);
  return state === undefined ? before : { ...before, state };
}

function verdict(before: RoomView, stateAfter: RoomState) {
  const change = { added: [], removed: [], stateAfter, pendingRemovals: [] };
  return authorize(before, { kind: "member", user: olga }, change);
}

const member = template("group", {
  founder: olga,
  hub: parseDomain("example.org"),
  term: 1,
}).roles.find(({ index }) => index === ROLES.member);
if (member === undefined) throw new Error("no role of members");
const guide = {
  index: 20,
  name: "guide",
  description: "",
  capabilities: [...member.capabilities, CAPABILITIES.pinMessage],
  minimumParticipants: 0,
  changes: [],
};

const wishes: readonly (readonly [string, PolicyWish])[] = [
  ["a role", { kind: "assign", users: [mia], role: ROLES.admin }],
  ["a ban of somebody outside", { kind: "ban", users: [zoe] }],
  ["a mute", { kind: "mute", users: [ben, mia], until: 500 }],
  ["a new role", { kind: "defineRole", role: guide, like: ROLES.member }],
  ["another default role", { kind: "defaultRole", index: ROLES.admin }],
  ["limits", { kind: "limits", maxUsers: 9, severalClients: false }],
];

describe("a wish for a room's rules", () => {
  it.each(wishes)(
    "comes to %s that can be encoded, is allowed to owners, and is done then",
    (_, wish) => {
      const room = after(view, wish);
      expect(room).not.toBe(view);
      expect(() => encodeRoomState(room.state)).not.toThrow();
      expect(verdict(view, room.state)).toEqual({ allowed: true });
      expect(applyWish(room, wish, world)).toBeUndefined();
    },
  );

  it("gives nobody a role who would not have it: the only owner stays one, who is out has none", () => {
    const alone: RoomView = { ...view, participants: [{ user: olga, leaves: [0] }] };
    const wish = (users: readonly (typeof olga)[]): PolicyWish => ({
      kind: "assign",
      users,
      role: ROLES.member,
    });
    const refused = (code: string) => expect.objectContaining({ code });
    expect(() => applyWish(alone, wish([olga]), world)).toThrow(refused("notAllowed"));
    expect(() => applyWish(view, wish([zoe]), world)).toThrow(refused("notFound"));
    expect(() => applyWish(view, wish([zoe, mia]), world)).not.toThrow();
    // Somebody else is one already.
    const two = after(view, { kind: "assign", users: [mia], role: ROLES.owner });
    expect(applyWish(two, wish([olga]), world)).toBeDefined();
  });

  it("is taken back without a trace", () => {
    const banned = after(view, { kind: "ban", users: [zoe, ben] });
    expect(isBanned(banned.state.sanctions, ben)).toBe(true);
    const muted = after(banned, { kind: "mute", users: [mia] });
    const tags = muted.state.sanctions?.banned ?? [];
    const lifted = after(muted, { kind: "unban", users: [], tags });
    expect(after(lifted, { kind: "unmute", users: [mia], tags: [] }).state).toEqual(view.state);
    const grown = after(view, { kind: "defineRole", role: guide, like: ROLES.member });
    expect(after(grown, { kind: "dropRole", index: 20 }).state).toEqual(view.state);
  });

  it("lets whoever may give and take one role do the same with a new one like it", () => {
    const grown = after(view, { kind: "defineRole", role: guide, like: ROLES.member });
    const given = after(grown, { kind: "assign", users: [mia], role: 20 });
    expect(verdict(grown, given.state)).toEqual({ allowed: true });
    const taken = after(given, { kind: "assign", users: [mia], role: ROLES.member });
    expect(verdict(given, taken.state)).toEqual({ allowed: true });
  });

  it("keeps everybody's role when another one becomes the default", () => {
    const { state } = after(view, { kind: "defaultRole", index: ROLES.admin });
    expect(state.assignments).toEqual([
      { user: ben, role: ROLES.member },
      { user: mia, role: ROLES.member },
      { user: olga, role: ROLES.owner },
    ]);
  });

  it("clears the mutes of those that are over", () => {
    const old = after(view, { kind: "mute", users: [ben], until: 100 });
    expect(after(old, { kind: "mute", users: [mia] }).state.sanctions?.muted).toHaveLength(1);
  });

  it("refuses what no room can be given", () => {
    const wrong: readonly PolicyWish[] = [
      { kind: "dropRole", index: ROLES.member },
      { kind: "dropRole", index: ROLES.owner },
      { kind: "defineRole", role: { ...guide, changes: [{ from: 0, to: [99] }] } },
    ];
    for (const wish of wrong) expect(() => applyWish(view, wish, world)).toThrow(Refusal);
  });
});
