import { equalBytes } from "../bytes/index.ts";
import {
  isParticipantRole,
  OUTSIDER_ROLE,
  ownerRole,
  type Role,
  roleDefinition,
  ROOM_END_COMPONENT,
  type RoomState,
} from "../room/index.ts";
import { CAPABILITIES } from "./capabilities.ts";
import type { CommitContext, RoleMove } from "./commit-context.ts";
import { checkOutsiderLink } from "./outsider-rules.ts";
import { refused, type Verdict } from "./room-change.ts";
import { sameAssignments, settle } from "./settle.ts";

/** The rules for every part of the dictionary that a member's commit changes. */
export function checkStateChange(context: CommitContext): Verdict | undefined {
  return (
    checkFixedParts(context) ??
    checkPlainParts(context) ??
    checkRoleDefinitions(context) ??
    checkRoleMoves(context)
  );
}

/** FED-738: what no commit may change in rules version 1, and what may only rise. */
function checkFixedParts({ view, stateAfter: after }: CommitContext): Verdict | undefined {
  const { state: before } = view;
  const fixed =
    after.template === before.template &&
    after.basePolicy.fixedMembership === before.basePolicy.fixedMembership &&
    (!before.basePolicy.fixedMembership || sameAssignments(before.assignments, after.assignments));
  if (!fixed) return refused("notAllowed", "The kind of a room and its fixed users stay.");
  const risen =
    after.rulesVersion >= before.rulesVersion &&
    after.floor >= before.floor &&
    after.floor <= after.rulesVersion &&
    after.term >= before.term;
  return risen ? undefined : refused("notAllowed", "Term, rules version and floor only rise.");
}

/** FED-739: the parts of the dictionary that one capability each covers. */
function checkPlainParts(context: CommitContext): Verdict | undefined {
  const { view, stateAfter: after } = context;
  const { state: before } = view;
  const parts = [
    [before.rulesVersion !== after.rulesVersion || before.floor !== after.floor, "raiseRules"],
    [hubChanged(before, after), "changeHub"],
    [!sameValue(before.basePolicy, after.basePolicy), "changeMembershipStyle"],
    [othersChanged(before, after), "changeOtherComponents"],
  ] as const;
  for (const [changed, name] of parts) {
    if (changed && !context.can(CAPABILITIES[name])) return denied(CAPABILITIES[name]);
  }
  if (equalBytes(before.metadata, after.metadata)) return undefined;
  const rekeyed = context.can(CAPABILITIES.rekeyRoomMetadata) && somebodyLeaves(context);
  return rekeyed || context.can(CAPABILITIES.changeRoomMetadata)
    ? undefined
    : denied(CAPABILITIES.changeRoomMetadata);
}

/**
 * FED-740: definitions change in a commit that touches no participant (room-policy §4.4). The owners' role
 * keeps its index and is never what everybody gets. Who is no owner changes only roles below their own,
 * and can grant only what that one has: nobody takes from those above them.
 */
function checkRoleDefinitions(context: CommitContext): Verdict | undefined {
  const { view, stateAfter: after, change } = context;
  const { state: before } = view;
  const same = sameValue(before.roles, after.roles) && before.defaultRole === after.defaultRole;
  if (same) return undefined;
  if (!context.can(CAPABILITIES.changeRoleDefinitions)) {
    return denied(CAPABILITIES.changeRoleDefinitions);
  }
  if (change.added.length + change.removed.length + context.moves.length > 0) {
    return refused("invalidCommit", "Role definitions change in a commit without participants.");
  }
  if (ownerRole(before) !== ownerRole(after)) {
    return refused("notAllowed", "The owners' role keeps its index.");
  }
  if (after.defaultRole === ownerRole(after)) {
    return refused("notAllowed", "Nobody becomes an owner by default.");
  }
  if (context.role === ownerRole(before)) return undefined;
  if (!keepsRolesAbove(context)) {
    return refused("notAllowed", "A role that is not below the committer's own stays as it is.");
  }
  const { defaultRole } = after;
  if (defaultRole !== before.defaultRole && !context.move(OUTSIDER_ROLE, defaultRole)) {
    return refused("notAllowed", "The committer could bring in nobody with this default role.");
  }
  return after.roles.every((role) => grantsOnlyOwn(context, role))
    ? undefined
    : refused("notAllowed", "A role can be given only what the committer's own role has.");
}

function keepsRolesAbove({ role, view, stateAfter }: CommitContext): boolean {
  const above = ({ roles }: RoomState) => roles.filter(({ index }) => index >= role);
  return sameValue(above(view.state), above(stateAfter));
}

function grantsOnlyOwn(context: CommitContext, role: Role): boolean {
  const before = roleDefinition(context.view.state, role.index);
  return (
    role.capabilities.every(
      (one) => context.can(one) || (before?.capabilities.includes(one) ?? false),
    ) &&
    role.changes.every(({ from, to }) => {
      const known = before?.changes.find((change) => change.from === from)?.to ?? [];
      return to.every((target) => context.move(from, target) || known.includes(target));
    })
  );
}

/** FED-741. */
function checkRoleMoves(context: CommitContext): Verdict | undefined {
  for (const move of context.moves) {
    if (!isParticipantRole(context.stateAfter, move.to)) {
      return refused("notAllowed", "No participant can hold this role.");
    }
    const verdict = move.user === context.user ? checkOwn(context, move) : check(context, move);
    if (verdict !== undefined) return verdict;
  }
  return undefined;
}

/** One's own role never rises by one's own act, whatever the capabilities, but to that of a link. */
function checkOwn(context: CommitContext, { from, to }: RoleMove): Verdict | undefined {
  if (to > from && context.link?.role === to) return checkOutsiderLink(context.view, context.link);
  if (to > from) return refused("notAllowed", "Nobody raises their own role.");
  const capability = CAPABILITIES.lowerOwnRole;
  return context.can(capability) ? undefined : denied(capability);
}

function check(context: CommitContext, { from, to }: RoleMove): Verdict | undefined {
  const capability = CAPABILITIES.changeUserRole;
  return context.can(capability) && context.move(from, to) ? undefined : denied(capability);
}

/** FED-736: consequences are obligatory: the state after must say what follows from who is then there. */
export function checkSettled({ stateAfter, after }: CommitContext): Verdict | undefined {
  return settle({ state: stateAfter, participants: after }) === undefined
    ? undefined
    : refused("invalidCommit", "The role entries do not follow from the users who remain.");
}

function somebodyLeaves({ touched }: CommitContext): boolean {
  return touched.some(({ present, kept }) => present && kept === 0);
}

function hubChanged(before: RoomState, after: RoomState): boolean {
  return (
    before.hub !== after.hub ||
    before.term !== after.term ||
    !sameValue(before.hubKey, after.hubKey) ||
    !sameValue(before.hubConsent, after.hubConsent)
  );
}

function othersChanged(before: RoomState, after: RoomState): boolean {
  return (
    !sameValue(before.safeAad, after.safeAad) || !sameValue(withoutEnd(before), withoutEnd(after))
  );
}

/** The end of the room has rules of its own (FED-1150). */
function withoutEnd({ otherComponents }: RoomState): RoomState["otherComponents"] {
  return otherComponents.filter(({ component }) => component !== ROOM_END_COMPONENT);
}

/** Equality of two values of one type made of records, lists, octets and primitives. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (a instanceof Uint8Array) return b instanceof Uint8Array && equalBytes(a, b);
  if (typeof a !== "object" || a === null || typeof b !== "object" || b === null) {
    return Object.is(a, b);
  }
  const [left, right] = [Object.entries(a), new Map(Object.entries(b))];
  return (
    left.length === right.size &&
    left.every(([key, value]) => right.has(key) && sameValue(value, right.get(key)))
  );
}

function denied(capability: number): Verdict {
  return refused("notAllowed", "The role may not change this part of the room.", capability);
}
