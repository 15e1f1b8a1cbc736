import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { UserUri } from "../../src/identifiers/index.ts";
import {
  authorize,
  authorizeFounding,
  CAPABILITIES,
  hasCapability,
  isParticipant,
  mayLeave,
  maySend,
  participantsAfter,
  roleOf,
  settle,
} from "../../src/policy/index.ts";
import type { RoomChange, RoomView } from "../../src/policy/index.ts";
import { encodeRoomState, isBanned, OUTSIDER_ROLE, ownerRole } from "../../src/room/index.ts";
import type { RoomState } from "../../src/room/index.ts";
import {
  anybodySanctioned,
  cases,
  hub,
  numRuns,
  person,
  ranks,
  roles,
  states,
  stranger,
  views,
} from "./cases.ts";

describe("the policy engine", () => {
  it("reaches every kind of answer with these cases", () => {
    const seen = new Set<string>();
    let accepted = 0;
    for (const one of fc.sample(cases, { numRuns: 3000, seed: 1 })) {
      const verdict = authorize(one.view, one.actor, one.change);
      if (verdict.allowed && one.actor.kind === "member") accepted += 1;
      seen.add(`${one.actor.kind} ${verdict.allowed ? "allowed" : verdict.code}`);
    }
    expect([...seen].toSorted()).toEqual(
      expect.arrayContaining([
        "hub allowed",
        "hub notAllowed",
        "joiner allowed",
        "joiner invalidCommit",
        "joiner notMember",
        "member allowed",
        "member invalidCommit",
        "member notAllowed",
        "member banned",
        "member notMember",
        "member removalPending",
        "member roomFull",
      ]),
    );
    expect(accepted).toBeGreaterThan(300);
  });

  it("is total: whatever the state, also one that no decoder would give", () => {
    const wild: fc.Arbitrary<RoomView> = fc.record({
      state: fc.record({
        rulesVersion: fc.constantFrom(1, 1, 1, 2),
        floor: fc.nat(3),
        template: fc.constantFrom("direct", "group", "announcement", "open"),
        hub: fc.constant(hub),
        term: fc.nat(),
        hubKey: fc.constantFrom(undefined, new Uint8Array(3)),
        roles: fc.oneof(roles, fc.constant([])),
        defaultRole: fc.nat(9),
        assignments: fc.array(fc.record({ user: person, role: fc.nat(9) }), { maxLength: 4 }),
        basePolicy: states.map(({ basePolicy }) => basePolicy),
        metadata: fc.constant(new Uint8Array(0)),
        sanctions: fc.constantFrom(undefined, anybodySanctioned),
        joinLinks: fc.constant([]),
        safeAad: fc.constant([]),
        otherComponents: fc.constant([]),
      }),
      participants: fc.array(
        fc.record({ user: person, leaves: fc.array(fc.nat(5), { maxLength: 3 }) }),
        { maxLength: 5 },
      ),
    });
    fc.assert(
      fc.property(wild, wild, cases, person, (view, other, { actor, change }, user) => {
        for (const stateAfter of [undefined, other.state, change.stateAfter]) {
          expect(authorize(view, actor, { ...change, stateAfter })).toHaveProperty("allowed");
        }
        for (const verdict of [maySend(view, user, 7), mayLeave(view, user)]) {
          expect(verdict).toHaveProperty("allowed");
        }
        expect(authorizeFounding(view, { founder: user, hub, term: 1 })).toHaveProperty("allowed");
        expect(Number.isInteger(roleOf(view, user))).toBe(true);
        const settled = settle(view);
        const again = settled && settle({ ...view, state: settled });
        expect(again).toBeUndefined();
      }),
      { numRuns },
    );
  });

  it("never refuses for a capability too many", () => {
    const capability = fc.constantFrom<number>(...Object.values(CAPABILITIES));
    fc.assert(
      fc.property(cases, capability, ({ view, actor, change }, gained) => {
        const role = actor.kind === "hub" ? 0 : roleOf(view, actor.user);
        const before = authorize(view, actor, change);
        const after = authorize(
          { ...view, state: grant(view.state, role, gained) },
          actor,
          change.stateAfter === undefined
            ? change
            : { ...change, stateAfter: grant(change.stateAfter, role, gained) },
        );
        expect(before.allowed ? after : { allowed: true }).toEqual({ allowed: true });
      }),
      { numRuns },
    );
  });

  it("never lets anybody raise themselves, unless the owners left", () => {
    fc.assert(
      fc.property(cases, ({ view, actor, change }) => {
        if (!authorize(view, actor, change).allowed) return;
        const user = actor.kind === "hub" ? stranger : actor.user;
        const after = apply(view, change);
        const owner = ownerRole(view.state);
        const pending = new Set(change.pendingRemovals);
        const orphaned = view.participants
          .filter((one) => roleOf(view, one.user) === owner)
          .every(({ leaves }) => leaves.some((leaf) => pending.has(leaf)));
        const isNew = !isParticipant(view, user);
        expect(isNew || orphaned || roleOf(after, user) <= roleOf(view, user)).toBe(true);
        for (const index of ranks) {
          const gains = Object.values<number>(CAPABILITIES).some(
            (one) =>
              index === roleOf(view, user) &&
              hasCapability(after.state, index, one) &&
              !hasCapability(view.state, index, one),
          );
          expect(gains && index !== owner).toBe(false);
        }
      }),
      { numRuns },
    );
  });

  it("keeps an owner wherever somebody remains, and every accepted state settled", () => {
    fc.assert(
      fc.property(cases, ({ view, actor, change }) => {
        const after = apply(view, change);
        const settled = { ...after, state: settle(after) ?? after.state };
        const owners = settled.participants.filter(
          ({ user }) => roleOf(settled, user) === ownerRole(settled.state),
        );
        const fixed = settled.state.basePolicy.fixedMembership;
        expect(fixed || settled.participants.length === 0 || owners.length > 0).toBe(true);
        const allowed = actor.kind === "member" && authorize(view, actor, change).allowed;
        expect(allowed ? settle(after) : undefined).toBeUndefined();
      }),
      { numRuns },
    );
  });

  it("gives nobody outside anything", () => {
    fc.assert(
      fc.property(cases, ({ view, actor, change }) => {
        const allowed = authorize(view, actor, change).allowed;
        const added = change.added.map(({ user }) => user);
        const strangers = added.filter((user) => !isParticipant(view, user));
        const listed = strangers.every((user) =>
          view.state.assignments.some((entry) => entry.user === user),
        );
        const fixed = view.state.basePolicy.fixedMembership;
        const outside = actor.kind !== "hub" && !isParticipant(view, actor.user);
        const nothing = strangers.length === 0 && !outside;
        const returns = fixed && listed && (actor.kind === "joiner" || !outside);
        const invited =
          actor.kind === "member" &&
          !outside &&
          hasCapability(view.state, roleOf(view, actor.user), CAPABILITIES.addParticipant);
        const { state } = view;
        const opened =
          actor.kind === "joiner" &&
          hasCapability(state, OUTSIDER_ROLE, CAPABILITIES.openJoin) &&
          !state.basePolicy.fixedMembership &&
          roleOf(apply(view, change), actor.user) === state.defaultRole;
        expect(!allowed || nothing || returns || invited || opened).toBe(true);
        const foreign =
          actor.kind === "hub" && (added.length > 0 || change.stateAfter !== undefined);
        expect(allowed && foreign).toBe(false);
      }),
      { numRuns },
    );
  });

  it("lets nobody in who is banned, and leaves nobody in who is", () => {
    fc.assert(
      fc.property(cases, ({ view, actor, change }) => {
        if (!authorize(view, actor, change).allowed) return;
        const after = apply(view, change);
        const came = change.added.map(({ user }) => user);
        const stays = after.participants.map(({ user }) => user);
        expect(came.filter((user) => isBanned(view.state.sanctions, user))).toEqual([]);
        expect(stays.filter((user) => isBanned(after.state.sanctions, user))).toEqual([]);
      }),
      { numRuns },
    );
  });

  it("lets who is no owner touch neither the last owner nor a role that is not below", () => {
    fc.assert(
      fc.property(cases, ({ view, actor, change }) => {
        if (actor.kind !== "member" || !authorize(view, actor, change).allowed) return;
        const [own, owner] = [roleOf(view, actor.user), ownerRole(view.state)];
        if (own === owner || view.state.basePolicy.fixedMembership) return;
        const after = apply(view, change);
        const above = ({ state }: RoomView) => state.roles.filter(({ index }) => index >= own);
        expect(above(after)).toEqual(above(view));
        const pending = new Set(change.pendingRemovals);
        const robbed = view.participants
          .filter(({ user }) => roleOf(view, user) === owner)
          .every(
            ({ user, leaves }) =>
              roleOf(after, user) !== owner && !leaves.some((leaf) => pending.has(leaf)),
          );
        expect(robbed).toBe(false);
      }),
      { numRuns },
    );
  });

  it("lets no accepted change leave what could not be encoded", () => {
    fc.assert(
      fc.property(cases, ({ view, actor, change }) => {
        if (!authorize(view, actor, change).allowed) return;
        const after = apply(view, change);
        expect(() => encodeRoomState(settle(after) ?? after.state)).not.toThrow();
      }),
      { numRuns },
    );
  });

  it("settles alike, whatever the order of what it is given", () => {
    fc.assert(
      fc.property(
        views.chain((view) =>
          fc.record({
            view: fc.constant(view),
            participants: fc.shuffledSubarray([...view.participants], {
              minLength: view.participants.length,
            }),
            gone: fc.subarray([...view.participants]),
          }),
        ),
        ({ view, participants, gone }) => {
          const rest = <T extends { user: UserUri }>(all: readonly T[]): T[] =>
            all.filter((one) => !gone.some(({ user }) => user === one.user));
          const reversed = {
            ...view.state,
            assignments: view.state.assignments.toReversed(),
            roles: view.state.roles.toReversed(),
          };
          const straight = settle({ ...view, participants: rest(view.participants) });
          const shuffled = settle({ state: reversed, participants: rest(participants) });
          expect((straight ?? view.state).assignments).toEqual(
            (shuffled ?? view.state).assignments,
          );
        },
      ),
      { numRuns },
    );
  });
});

function apply(view: RoomView, change: RoomChange): RoomView {
  const participants = participantsAfter(view, change);
  return { state: change.stateAfter ?? view.state, participants };
}

function grant(state: RoomState, index: number, capability: number): RoomState {
  const granted = state.roles.map((role) =>
    role.index === index && !role.capabilities.includes(capability)
      ? { ...role, capabilities: [...role.capabilities, capability].toSorted((a, b) => a - b) }
      : role,
  );
  return { ...state, roles: granted };
}
