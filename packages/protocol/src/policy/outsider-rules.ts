import type { UserUri } from "../identifiers/index.ts";
import { isBanned, isParticipantRole, type JoinLink, OUTSIDER_ROLE } from "../room/index.ts";
import { CAPABILITIES } from "./capabilities.ts";
import { hasCapability, mayMove } from "./role-of.ts";
import { ALLOWED, refused, type Verdict } from "./room-change.ts";
import type { RoomView } from "./room-view.ts";

/**
 * FED-1083: whether a user who is not in the room may come in, by a link of which a ticket holds or,
 * without one, because the room is open. What is wrong; `undefined` if nothing is.
 */
export function checkOutsider(view: RoomView, link: JoinLink | undefined): Verdict | undefined {
  const { state } = view;
  if (state.basePolicy.fixedMembership || !isParticipantRole(state, state.defaultRole)) {
    return refused("notMember", "Only clients of participants can join by themselves.");
  }
  if (link !== undefined) return checkOutsiderLink(view, link);
  const open =
    hasCapability(state, OUTSIDER_ROLE, CAPABILITIES.openJoin) &&
    mayMove(state, OUTSIDER_ROLE, OUTSIDER_ROLE, state.defaultRole);
  return open
    ? undefined
    : refused("notMember", "Only clients of participants can join by themselves.");
}

/** FED-1090: whether a user who is not in the room may ask to be let in. */
export function mayKnock({ state }: RoomView, user: UserUri): Verdict {
  if (isBanned(state.sanctions, user))
    return refused("banned", "The user is banned from the room.");
  const capability = CAPABILITIES.knock;
  const allowed =
    !state.basePolicy.fixedMembership && hasCapability(state, OUTSIDER_ROLE, capability);
  return allowed ? ALLOWED : refused("notMember", "Nobody knocks at this room.");
}

/** Whether the room lets outsiders use links for this role, whoever has made them. */
export function checkOutsiderLink({ state }: RoomView, { role }: JoinLink): Verdict | undefined {
  const capability = CAPABILITIES.useJoinCode;
  const allowed =
    hasCapability(state, OUTSIDER_ROLE, capability) &&
    mayMove(state, OUTSIDER_ROLE, OUTSIDER_ROLE, role);
  return allowed
    ? undefined
    : refused("notAllowed", "The room takes nobody by a link with this role.", capability);
}
