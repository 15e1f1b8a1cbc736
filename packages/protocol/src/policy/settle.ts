import type { UserUri } from "../identifiers/index.ts";
import {
  isParticipantRole,
  mayReturn,
  ownerRole,
  type RoleAssignment,
  type RoomState,
} from "../room/index.ts";
import { roleLookup } from "./role-of.ts";
import type { Participant, RoomView } from "./room-view.ts";
import { compareUsers } from "./room-view.ts";

/**
 * FED-720, what must follow from who is in the room: role entries of users without a leaf go, unless they
 * may come back by themselves (FED-1133), and if no owner remains, the participant with the highest role,
 * then the lowest leaf, succeeds. `undefined` = the state already says so. Where the membership is fixed,
 * the entries are the list of those who may take part, and stay (FED-721).
 *
 * Pure, total, idempotent, and independent of the order of participants and entries.
 */
export function settle(view: RoomView): RoomState | undefined {
  const { state } = view;
  if (state.basePolicy.fixedMembership) return undefined;
  const present = view.participants.filter(({ leaves }) => leaves.length > 0);
  const roles = new Map<UserUri, number>();
  const roleBefore = roleLookup(state);
  for (const { user } of present) roles.set(user, roleBefore(user));
  for (const { user, role } of awaited(state)) roles.set(user, role);
  const successor = successorIn(state, present);
  if (successor !== undefined) roles.set(successor, ownerRole(state));
  const assignments = assignmentsFrom(roles, state.defaultRole);
  return sameAssignments(assignments, state.assignments) ? undefined : { ...state, assignments };
}

/** The entries of users who may come back by themselves from the generation before, or have. */
function awaited({ assignments, predecessor }: RoomState): readonly RoleAssignment[] {
  return assignments.filter(({ user }) => mayReturn(predecessor, user));
}

/** The entries that give these users these roles, in their one canonical form. */
export function assignmentsFrom(
  roles: ReadonlyMap<UserUri, number>,
  defaultRole: number,
): readonly RoleAssignment[] {
  return [...roles]
    .filter(([, role]) => role !== defaultRole)
    .map(([user, role]) => ({ user, role }))
    .toSorted((a, b) => compareUsers(a.user, b.user));
}

/** Who becomes an owner because nobody is one; `undefined` if somebody is, or nobody is there. */
function successorIn(state: RoomState, present: readonly Participant[]): UserUri | undefined {
  const owner = ownerRole(state);
  const roleBefore = roleLookup(state);
  if (!isParticipantRole(state, owner)) return undefined;
  if (present.some(({ user }) => roleBefore(user) === owner)) return undefined;
  const ranked = present
    .map(({ user, leaves }) => ({
      user,
      role: roleBefore(user),
      leaf: leaves.reduce((lowest, leaf) => Math.min(lowest, leaf)),
    }))
    .toSorted((a, b) => b.role - a.role || a.leaf - b.leaf || compareUsers(a.user, b.user));
  return ranked[0]?.user;
}

/** Whether two states assign the same roles. */
export function sameAssignments(
  a: readonly RoleAssignment[],
  b: readonly RoleAssignment[],
): boolean {
  return (
    a.length === b.length &&
    a.every((entry, index) => {
      const other = b[index];
      return other !== undefined && entry.user === other.user && entry.role === other.role;
    })
  );
}
