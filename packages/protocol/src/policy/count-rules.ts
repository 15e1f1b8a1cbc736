import type { CommitContext } from "./commit-context.ts";
import { roleLookup } from "./role-of.ts";
import { refused, type Verdict } from "./room-change.ts";
import type { Participant, RoomView } from "./room-view.ts";
import { type BasePolicy, roleDefinition } from "../room/index.ts";

/**
 * FED-742: the numbers in the base policy and in the role definitions. They bind what a committer chooses;
 * what must follow by itself (pending removals, succession) is never stopped by a number.
 */
export function checkCounts(context: CommitContext): Verdict | undefined {
  return (
    checkCapacity(context.stateAfter.basePolicy, context.view.participants, context.after) ??
    checkRoleCounts(context)
  );
}

/** The bounds of the base policy, for what grows. */
export function checkCapacity(
  policy: BasePolicy,
  before: readonly Participant[],
  after: readonly Participant[],
): Verdict | undefined {
  const users = after.length;
  if (policy.maxUsers !== undefined && users > before.length && users > policy.maxUsers) {
    return refused("roomFull", `The room takes at most ${policy.maxUsers} users.`);
  }
  const [had, clients] = [countLeaves(before), countLeaves(after)];
  if (policy.maxClients !== undefined && clients > had && clients > policy.maxClients) {
    return refused("roomFull", `The room takes at most ${policy.maxClients} clients.`);
  }
  if (policy.multiDevice) return undefined;
  const known = new Map(before.map(({ user, leaves }) => [user, leaves.length]));
  const second = after.some(
    ({ user, leaves }) => leaves.length > 1 && leaves.length > (known.get(user) ?? 0),
  );
  return second ? refused("notAllowed", "The room takes one client of each user.") : undefined;
}

function checkRoleCounts(context: CommitContext): Verdict | undefined {
  const gains = new Set(context.moves.map(({ to }) => to));
  const losses = new Set(context.moves.map(({ from }) => from));
  for (const { present, kept, voluntary, added, roleBefore, roleAfter } of context.touched) {
    if (kept > 0) continue;
    if (added > 0) gains.add(roleAfter);
    if (present && voluntary > 0) losses.add(roleBefore);
  }
  const counts = new Map<number, number>();
  const role = roleLookup(context.stateAfter);
  for (const { user } of context.after) counts.set(role(user), (counts.get(role(user)) ?? 0) + 1);
  for (const definition of context.stateAfter.roles) {
    const count = counts.get(definition.index) ?? 0;
    const { maximumParticipants = Infinity, maximumActiveParticipants = Infinity } = definition;
    const most = Math.min(maximumParticipants, maximumActiveParticipants);
    const least = Math.max(definition.minimumParticipants, definition.minimumActiveParticipants);
    if (gains.has(definition.index) && count > most) {
      return refused("roomFull", `At most ${most} users can hold the role ${definition.name}.`);
    }
    if (losses.has(definition.index) && count < least) {
      const reason = `At least ${least} users must hold the role ${definition.name}.`;
      return refused("notAllowed", reason);
    }
  }
  return undefined;
}

/** The maxima of the role in which somebody comes in from outside. */
export function checkRoleTaken(view: RoomView, role: number): Verdict | undefined {
  const definition = roleDefinition(view.state, role);
  const lookup = roleLookup(view.state);
  const holders = view.participants.filter(({ user }) => lookup(user) === role).length;
  const most = Math.min(
    definition?.maximumParticipants ?? Infinity,
    definition?.maximumActiveParticipants ?? Infinity,
  );
  if (holders + 1 <= most) return undefined;
  return refused("roomFull", `At most ${most} users can hold the role.`);
}

function countLeaves(participants: readonly Participant[]): number {
  return participants.reduce((sum, { leaves }) => sum + leaves.length, 0);
}
