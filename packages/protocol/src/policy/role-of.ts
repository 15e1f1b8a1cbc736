import type { UserUri } from "../identifiers/index.ts";
import { OUTSIDER_ROLE, roleDefinition, type RoomState } from "../room/index.ts";
import type { RoomView } from "./room-view.ts";

/** The user's role index: 0 for everybody without a leaf. */
export function roleOf(view: RoomView, user: UserUri): number {
  return isParticipant(view, user) ? assignedRole(view.state, user) : OUTSIDER_ROLE;
}

export function isParticipant(view: RoomView, user: UserUri): boolean {
  return view.participants.some((one) => one.user === user && one.leaves.length > 0);
}

/** The role that the state gives this user, whether present or not. */
export function assignedRole(state: RoomState, user: UserUri): number {
  return state.assignments.find((entry) => entry.user === user)?.role ?? state.defaultRole;
}

/** `assignedRole` for many users of one state. */
export function roleLookup(state: RoomState): (user: UserUri) => number {
  const assigned = new Map(state.assignments.map(({ user, role }) => [user, role]));
  return (user) => assigned.get(user) ?? state.defaultRole;
}

/** Whether holders of the role have the capability. */
export function hasCapability(state: RoomState, role: number, capability: number): boolean {
  return roleDefinition(state, role)?.capabilities.includes(capability) ?? false;
}

/** Whether holders of `role` may move others from one role to another (0 = not a participant). */
export function mayMove(state: RoomState, role: number, from: number, to: number): boolean {
  const entry = roleDefinition(state, role)?.changes.find((change) => change.from === from);
  return entry?.to.includes(to) ?? false;
}
