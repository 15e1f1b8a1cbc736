import { isParticipantRole, mayReturn, ownerRole } from "../room/index.ts";
import { CAPABILITIES } from "./capabilities.ts";
import type { CommitContext, UserChange } from "./commit-context.ts";
import { assignedRole, roleLookup } from "./role-of.ts";
import { checkNotBanned, isBanning } from "./sanction-rules.ts";
import { refused, type RoomChange, type Verdict } from "./room-change.ts";
import type { RoomView } from "./room-view.ts";

/** FED-731: each removed leaf must be one of that user's, and named once. */
export function checkRemovedLeaves(view: RoomView, change: RoomChange): Verdict | undefined {
  const owners = new Map(
    view.participants.flatMap(({ user, leaves }) => leaves.map((leaf) => [leaf, user] as const)),
  );
  for (const { user, leaf } of change.removed) {
    if (owners.get(leaf) !== user) {
      return refused("invalidCommit", `Leaf ${leaf} is not there, or removed twice.`);
    }
    owners.delete(leaf);
  }
  return undefined;
}

/** FED-732: a member's commit removes every leaf whose removal the hub has proposed in this epoch. */
export function checkPendingRemovals(view: RoomView, change: RoomChange): Verdict | undefined {
  const removed = new Set(change.removed.map(({ leaf }) => leaf));
  const present = new Set(view.participants.flatMap(({ leaves }) => leaves));
  const leaves = change.pendingRemovals.filter((leaf) => present.has(leaf) && !removed.has(leaf));
  if (leaves.length === 0) return undefined;
  const reason = "The commit must remove the leaves whose removal is pending.";
  return { allowed: false, code: "removalPending", reason, leaves };
}

/** FED-733 and FED-735: the rules for every user whose leaves the commit adds or removes. */
export function checkTouchedUsers(context: CommitContext): Verdict | undefined {
  for (const touched of context.touched) {
    const verdict =
      touched.user === context.user
        ? checkOwnClients(context, touched)
        : (checkRemoval(context, touched) ?? checkAddition(context, touched));
    if (verdict !== undefined) return verdict;
  }
  return undefined;
}

/** FED-737: nobody takes the room from its last owner: that role passes on only when its holder goes. */
export function checkOwnerStays(context: CommitContext): Verdict | undefined {
  const owner = ownerRole(context.view.state);
  const robbed =
    context.touched.some(
      ({ user, kept, voluntary, roleBefore }) =>
        user !== context.user && roleBefore === owner && kept === 0 && voluntary > 0,
    ) || context.moves.some(({ user, from }) => user !== context.user && from === owner);
  if (!robbed || context.view.state.basePolicy.fixedMembership) return undefined;
  const [before, after] = [roleLookup(context.view.state), roleLookup(context.stateAfter)];
  const entering = new Set(context.touched.filter(({ kept }) => kept < 1).map(({ user }) => user));
  const stays = context.after.some(
    ({ user }) => !entering.has(user) && before(user) === owner && after(user) === owner,
  );
  return stays ? undefined : refused("notAllowed", "The last owner cannot be removed by others.");
}

/** FED-734. */
function checkOwnClients(context: CommitContext, own: UserChange): Verdict | undefined {
  if (own.kept < 1) {
    return refused("invalidCommit", "A committer cannot remove all of its own user's clients.");
  }
  if (own.voluntary > 0 && !context.can(CAPABILITIES.removeOwnClient)) {
    return missing("Own clients may not be removed.", CAPABILITIES.removeOwnClient);
  }
  if (own.added > 0 && !context.can(CAPABILITIES.addOwnClient)) {
    return missing("Own clients may not be added.", CAPABILITIES.addOwnClient);
  }
  return undefined;
}

/** Removals that the hub proposed need no right; a replacement counts as removal and addition. */
function checkRemoval(context: CommitContext, touched: UserChange): Verdict | undefined {
  if (touched.voluntary === 0) return undefined;
  const leaves = touched.kept === 0;
  if (leaves && context.view.state.basePolicy.fixedMembership) {
    if (touched.added > 0) return undefined;
    return refused("notAllowed", "The users of this room are fixed.");
  }
  if (leaves && touched.added === 0 && isBanning(context, touched.user)) return undefined;
  const capability = leaves ? CAPABILITIES.removeParticipant : CAPABILITIES.kick;
  if (!context.can(capability)) return missing("Others may not be removed.", capability);
  if (!context.move(touched.roleBefore, 0)) {
    return missing("A user with this role may not be removed.", capability);
  }
  return undefined;
}

function checkAddition(context: CommitContext, touched: UserChange): Verdict | undefined {
  if (touched.added === 0) return undefined;
  const { view, stateAfter } = context;
  if (view.state.basePolicy.fixedMembership) {
    return isParticipantRole(view.state, assignedRole(view.state, touched.user))
      ? undefined
      : refused("notAllowed", "The users of this room are fixed.");
  }
  const banned = checkNotBanned(context, touched.user);
  if (banned !== undefined) return banned;
  // Who might come by itself may as well be brought in, with the role that was kept.
  if (mayReturn(view.state.predecessor, touched.user)) return undefined;
  const capability = CAPABILITIES.addParticipant;
  if (!context.can(capability)) return missing("Users may not be added.", capability);
  if (!isParticipantRole(stateAfter, touched.roleAfter)) {
    return refused("notAllowed", "The added user has no role that participants can hold.");
  }
  if (!context.move(0, touched.roleAfter)) {
    return missing("Users may not be added with this role.", capability);
  }
  return undefined;
}

function missing(reason: string, capability: number): Verdict {
  return refused("notAllowed", reason, capability);
}
