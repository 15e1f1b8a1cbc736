import type { UserUri } from "../identifiers/index.ts";
import { type JoinLink, mayReturn, ownerRole, type RoomState } from "../room/index.ts";
import { hasCapability, mayMove, roleLookup, roleOf } from "./role-of.ts";
import { type Actor, participantsAfter, type RoomChange } from "./room-change.ts";
import { compareUsers, type Participant, type RoomView } from "./room-view.ts";
import { assignmentsFrom, sameAssignments, settle } from "./settle.ts";

/** How a commit touches one user. */
export interface UserChange {
  readonly user: UserUri;
  readonly present: boolean;
  /** Leaves that stay. */
  readonly kept: number;
  /** Leaves removed although the hub has not proposed it. */
  readonly voluntary: number;
  readonly added: number;
  readonly roleBefore: number;
  readonly roleAfter: number;
}

/**
 * A role that the committer gives a participant who stays, or who may come back by itself, without it
 * following by itself.
 */
export interface RoleMove {
  readonly user: UserUri;
  readonly from: number;
  readonly to: number;
}

/** A member's commit, seen by the rules: everything they ask, computed once. */
export interface CommitContext {
  readonly view: RoomView;
  readonly user: UserUri;
  readonly role: number;
  /** Of which the commit carries a ticket that holds. */
  readonly link: JoinLink | undefined;
  readonly change: RoomChange;
  readonly stateAfter: RoomState;
  readonly after: readonly Participant[];
  /** Users with an added or removed leaf, in the order of their first mention. */
  readonly touched: readonly UserChange[];
  /** Ascending by user. */
  readonly moves: readonly RoleMove[];
  can(capability: number): boolean;
  move(from: number, to: number): boolean;
}

export function commitContext(
  view: RoomView,
  { user, link }: Extract<Actor, { kind: "member" }>,
  change: RoomChange,
): CommitContext {
  const role = roleOf(view, user);
  const stateAfter = change.stateAfter ?? view.state;
  const after = participantsAfter(view, change);
  const touched = touchedUsers(view, change, stateAfter);
  return {
    view,
    user,
    role,
    link,
    change,
    stateAfter,
    after,
    touched,
    moves: roleMoves(view, stateAfter, after, touched),
    can: (capability) => hasCapability(view.state, role, capability),
    move: (from, to) => mayMove(view.state, role, from, to),
  };
}

function touchedUsers(
  view: RoomView,
  change: RoomChange,
  stateAfter: RoomState,
): readonly UserChange[] {
  const before = new Map(view.participants.map(({ user, leaves }) => [user, leaves.length]));
  const pending = new Set(change.pendingRemovals);
  const [roleBefore, roleAfter] = [roleLookup(view.state), roleLookup(stateAfter)];
  const users = new Set([...change.removed, ...change.added].map(({ user }) => user));
  return [...users].map((user) => {
    const removed = change.removed.filter((one) => one.user === user);
    const leaves = before.get(user) ?? 0;
    return {
      user,
      present: leaves > 0,
      kept: leaves - removed.length,
      voluntary: removed.filter(({ leaf }) => !pending.has(leaf)).length,
      added: change.added.filter((one) => one.user === user).length,
      roleBefore: leaves > 0 ? roleBefore(user) : 0,
      roleAfter: roleAfter(user),
    };
  });
}

/**
 * The differences between the state that would follow by itself from the changed participants and
 * the state that the commit sets, less a succession that follows from the other differences.
 */
function roleMoves(
  view: RoomView,
  stateAfter: RoomState,
  after: readonly Participant[],
  touched: readonly UserChange[],
): readonly RoleMove[] {
  const expected = settle({ state: view.state, participants: after }) ?? view.state;
  const [from, to] = [roleLookup(expected), roleLookup(stateAfter)];
  const entering = new Set(touched.filter(({ kept }) => kept < 1).map(({ user }) => user));
  return [...after.map(({ user }) => user), ...awaitedUsers(expected, stateAfter, after)]
    .filter((user) => !entering.has(user) && from(user) !== to(user))
    .map((user) => ({ user, from: from(user), to: to(user) }))
    .filter((move) => !isSuccession(move, stateAfter, after));
}

/** Users with a role, before or after, who are not there and may still come back (FED-1133). */
function awaitedUsers(
  before: RoomState,
  stateAfter: RoomState,
  after: readonly Participant[],
): readonly UserUri[] {
  if (stateAfter.predecessor === undefined) return [];
  const there = new Set(after.map(({ user }) => user));
  const assigned = [...before.assignments, ...stateAfter.assignments].map(({ user }) => user);
  return [...new Set(assigned)]
    .filter((user) => !there.has(user) && mayReturn(stateAfter.predecessor, user))
    .toSorted(compareUsers);
}

function isSuccession(
  { user, from, to }: RoleMove,
  stateAfter: RoomState,
  after: readonly Participant[],
): boolean {
  if (to !== ownerRole(stateAfter)) return false;
  const role = roleLookup(stateAfter);
  const roles = new Map(after.map((one) => [one.user, one.user === user ? from : role(one.user)]));
  for (const one of stateAfter.assignments) if (!roles.has(one.user)) roles.set(one.user, one.role);
  const assignments = assignmentsFrom(roles, stateAfter.defaultRole);
  const settled = settle({ state: { ...stateAfter, assignments }, participants: after });
  return settled !== undefined && sameAssignments(settled.assignments, stateAfter.assignments);
}
