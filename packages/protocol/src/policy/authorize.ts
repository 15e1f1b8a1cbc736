import { isBanned, isEnded, isParticipantRole, mayReturn, RULES_VERSION } from "../room/index.ts";
import { CAPABILITIES } from "./capabilities.ts";
import { commitContext } from "./commit-context.ts";
import { checkEnd } from "./end-rules.ts";
import { checkCapacity, checkCounts, checkRoleTaken } from "./count-rules.ts";
import { checkLinkChange } from "./link-rules.ts";
import {
  checkOwnerStays,
  checkPendingRemovals,
  checkRemovedLeaves,
  checkTouchedUsers,
} from "./membership-rules.ts";
import { checkPredecessor } from "./predecessor-rules.ts";
import { assignedRole, hasCapability, isParticipant } from "./role-of.ts";
import {
  type Actor,
  ALLOWED,
  participantsAfter,
  refused,
  type RoomChange,
  type Verdict,
} from "./room-change.ts";
import type { RoomView } from "./room-view.ts";
import { checkSanctions } from "./sanction-rules.ts";
import { checkOutsider } from "./outsider-rules.ts";
import { checkSettled, checkStateChange } from "./state-rules.ts";
import { checkVersions } from "./version-rules.ts";

/**
 * FED-730: whether an actor may make a change to a room, by the rules version that the room's state names.
 * Hub, followers and every client ask the same question about the same commit and must get the
 * same answer, so this is pure and total: it never throws, asks no clock and no store.
 *
 * The state in `change.stateAfter` must have been decoded by `decodeRoomState`, which refuses what
 * is not well formed. What only the tree can tell (credentials, signatures, advertised versions)
 * is not judged here.
 */
export function authorize(view: RoomView, actor: Actor, change: RoomChange): Verdict {
  if (view.state.rulesVersion !== RULES_VERSION) {
    return refused("versionUnsupported", `Rules version ${view.state.rulesVersion} is not known.`);
  }
  if (isEnded(view.state)) return refused("notAllowed", "The room has ended.");
  const verdict = checkRemovedLeaves(view, change) ?? authorizeActor(view, actor, change);
  return verdict ?? ALLOWED;
}

function authorizeActor(view: RoomView, actor: Actor, change: RoomChange): Verdict | undefined {
  if (actor.kind === "hub") return authorizeHub(change);
  if (actor.kind === "joiner") return authorizeJoiner(view, actor, change);
  return authorizeMember(view, actor, change);
}

/** FED-750: the hub proposes removals and nothing else: no server can bring anybody in. */
function authorizeHub(change: RoomChange): Verdict | undefined {
  return change.added.length > 0 || change.stateAfter !== undefined
    ? refused("notAllowed", "The hub can only remove.")
    : undefined;
}

/**
 * FED-751: an external commit brings in one client of its signer's user, may remove one leaf of the same
 * user, and carries no change of the dictionary. Pending removals do not bind
 * it: it can carry none, and the hub proposes them again.
 */
function authorizeJoiner(
  view: RoomView,
  { user, resync, link }: Extract<Actor, { kind: "joiner" }>,
  change: RoomChange,
): Verdict | undefined {
  const foreign = [...change.added, ...change.removed].some((one) => one.user !== user);
  if (change.added.length !== 1 || change.removed.length > 1 || foreign) {
    const reason = "An external commit adds one client and removes at most one of the same user.";
    return refused("invalidCommit", reason);
  }
  if (change.stateAfter !== undefined) {
    return refused("invalidCommit", "An external commit cannot change the room's state.");
  }
  if (isBanned(view.state.sanctions, user)) {
    return refused("banned", "The user is banned from the room.");
  }
  const version = checkVersions(view, change, view.state);
  if (version !== undefined) return version;
  const present = isParticipant(view, user);
  const role = assignedRole(view.state, user);
  const listed = view.state.basePolicy.fixedMembership && !resync;
  if (!present && !listed && !mayReturn(view.state.predecessor, user)) {
    return (
      checkOutsider(view, link) ??
      (change.removed.length === 0 ? undefined : refused("invalidCommit", noLeaf)) ??
      checkRoleTaken(view, view.state.defaultRole) ??
      checkCapacity(view.state.basePolicy, view.participants, participantsAfter(view, change))
    );
  }
  if (!isParticipantRole(view.state, role)) {
    return refused("notMember", "Only clients of participants can join by themselves.");
  }
  const capability = CAPABILITIES.addOwnClient;
  if (change.removed.length === 0 && !hasCapability(view.state, role, capability)) {
    return refused("notAllowed", "The role may not add own clients.", capability);
  }
  const { basePolicy } = view.state;
  return checkCapacity(basePolicy, view.participants, participantsAfter(view, change));
}

const noLeaf = "Who is not in the room has no leaf there.";

function authorizeMember(
  view: RoomView,
  actor: Extract<Actor, { kind: "member" }>,
  change: RoomChange,
): Verdict | undefined {
  const { user } = actor;
  if (!isParticipant(view, user)) {
    return refused("notMember", "The committer is not in the room.");
  }
  const pending = checkPendingRemovals(view, change);
  if (pending !== undefined) return pending;
  const context = commitContext(view, actor, change);
  return (
    checkEnd(context) ??
    checkTouchedUsers(context) ??
    checkSettled(context) ??
    checkOwnerStays(context) ??
    checkPredecessor(context) ??
    checkStateChange(context) ??
    checkVersions(view, change, context.stateAfter) ??
    checkSanctions(context) ??
    checkLinkChange(context) ??
    checkCounts(context)
  );
}
