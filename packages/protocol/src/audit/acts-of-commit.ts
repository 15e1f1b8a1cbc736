import { type Bytes, equalBytes, type Hash, sha256 } from "../bytes/index.ts";
import type { UserUri } from "../identifiers/index.ts";
import {
  compareUsers,
  participantsAfter,
  roleLookup,
  sameAssignments,
  type RoomChange,
  type RoomView,
} from "../policy/index.ts";
import { componentsOf, ROOM_COMPONENTS, ROOM_END_COMPONENT } from "../room/index.ts";
import { type Act, actOf } from "./act.ts";

/** A commit as everybody in the room sees it. */
export type CommitSeen = {
  /** The room before it. */
  readonly before: RoomView;
  readonly change: RoomChange;
  readonly actor: UserUri;
  /** The actor joined by it. */
  readonly external: boolean;
};

/**
 * FED-1144: the acts that a commit is, in one order for all: of users by their names, then those of the
 * room's state by component. None for a commit that renews keys, or moves clients of users who stay
 * by their own doing.
 */
export function actsOfCommit(seen: CommitSeen, hash: Hash = sha256): readonly Act[] {
  return [...actsOnUsers(seen), ...actsOnState(seen.before, seen.change, hash)];
}

function actsOnUsers({ before, change, actor, external }: CommitSeen): readonly Act[] {
  const { stateAfter: state = before.state } = change;
  const rolesStay =
    state.defaultRole === before.state.defaultRole &&
    sameAssignments(state.assignments, before.state.assignments);
  if (rolesStay && change.added.length + change.removed.length === 0) return [];
  const after: RoomView = {
    state,
    participants: participantsAfter(before, change),
  };
  const was = new Set(before.participants.map(({ user }) => user));
  const is = new Set(after.participants.map(({ user }) => user));
  const proposed = new Set(change.pendingRemovals);
  const chosen = (subject: UserUri) =>
    change.removed.filter(({ user, leaf }) => user === subject && !proposed.has(leaf));
  const [roleBefore, roleAfter] = [roleLookup(before.state), roleLookup(after.state)];
  const users = [...was.union(is)].filter(
    (user) =>
      was.has(user) !== is.has(user) ||
      roleBefore(user) !== roleAfter(user) ||
      change.removed.some((one) => one.user === user),
  );
  return users.toSorted(compareUsers).flatMap((subject) => {
    if (!was.has(subject)) return [actOf(external ? "join" : "add", { subject })];
    if (!is.has(subject)) {
      return [actOf(chosen(subject).length === 0 ? "depart" : "remove", { subject })];
    }
    const [from, to] = [roleBefore(subject), roleAfter(subject)];
    const kicked = subject === actor ? 0 : chosen(subject).length;
    return [
      ...(kicked === 0 ? [] : [actOf("kick", { subject, from: kicked })]),
      ...(from === to ? [] : [actOf("role", { subject, from, to })]),
    ];
  });
}

function actsOnState(before: RoomView, { stateAfter }: RoomChange, hash: Hash): readonly Act[] {
  if (stateAfter === undefined) return [];
  const [was, is] = [componentsOf(before.state), componentsOf(stateAfter)];
  const sameDefault = before.state.defaultRole === stateAfter.defaultRole;
  const ids = [...new Set([...was.keys(), ...is.keys()])].toSorted((a, b) => a - b);
  return ids.flatMap((component) => {
    // Roles of users are acts of their own, with whom and what.
    if (component === ROOM_COMPONENTS.roleAssignments && sameDefault) return [];
    const value = is.get(component);
    if (same(was.get(component), value)) return [];
    if (component === ROOM_END_COMPONENT) return [actOf("end", {})];
    return [actOf("state", { component, value: value === undefined ? undefined : hash(value) })];
  });
}

function same(a: Bytes | undefined, b: Bytes | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return equalBytes(a, b);
}
