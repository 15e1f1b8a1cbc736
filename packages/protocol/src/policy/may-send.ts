import type { UserUri } from "../identifiers/index.ts";
import { isMuted } from "../room/index.ts";
import { CAPABILITIES } from "./capabilities.ts";
import { hasCapability, isParticipant, roleOf } from "./role-of.ts";
import { ALLOWED, refused, type Verdict } from "./room-change.ts";
import type { RoomView } from "./room-view.ts";

/**
 * FED-752: whether a user's application message may be accepted at this state of the room. `at` is the
 * acceptance time of its entry, which hub and clients know alike (FED-204).
 */
export function maySend(view: RoomView, user: UserUri, at: number): Verdict {
  if (!isParticipant(view, user)) return refused("notMember", "The sender is not in the room.");
  if (!hasCapability(view.state, roleOf(view, user), CAPABILITIES.sendMessage)) {
    const reason = "The sender's role may not send messages.";
    return refused("notAllowed", reason, CAPABILITIES.sendMessage);
  }
  if (isMuted(view.state.sanctions, user, at)) {
    return refused("muted", "The sender is muted in the room.");
  }
  return ALLOWED;
}

/**
 * FED-753: whether a user may ask the hub for the removal of all own clients. Where the membership is
 * fixed the user stays on the list and may come back.
 */
export function mayLeave(view: RoomView, user: UserUri): Verdict {
  if (!isParticipant(view, user)) return refused("notMember", "The user is not in the room.");
  const { fixedMembership } = view.state.basePolicy;
  const capability = fixedMembership ? CAPABILITIES.removeOwnClient : CAPABILITIES.removeSelf;
  if (!hasCapability(view.state, roleOf(view, user), capability)) {
    return refused("notAllowed", "The user's role may not leave the room.", capability);
  }
  return ALLOWED;
}

/** FED-753: whether a user may ask for the removal of some own clients, while others stay. */
export function mayRemoveOwnClient(view: RoomView, user: UserUri): Verdict {
  if (!isParticipant(view, user)) return refused("notMember", "The user is not in the room.");
  const capability = CAPABILITIES.removeOwnClient;
  if (!hasCapability(view.state, roleOf(view, user), capability)) {
    return refused("notAllowed", "The user's role may not remove own clients.", capability);
  }
  return ALLOWED;
}
