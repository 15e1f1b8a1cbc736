import { equalBytes } from "../bytes/index.ts";
import { OUTSIDER_ROLE, mayReturn, type Predecessor, returningMark } from "../room/index.ts";
import { type RoomUri, roomOfGroup, type UserUri } from "../identifiers/index.ts";
import { CAPABILITIES } from "./capabilities.ts";
import type { CommitContext } from "./commit-context.ts";
import { roleLookup } from "./role-of.ts";
import { refused, type Verdict } from "./room-change.ts";
import { sameValue } from "./state-rules.ts";

/**
 * FED-1133: what a generation says of the one before stays, but for marks. That of a user who goes must
 * go, that of one who is there may, and that of one who has not come back goes by whoever might remove
 * that user.
 */
export function checkPredecessor(context: CommitContext): Verdict | undefined {
  const { view, stateAfter, touched } = context;
  const { predecessor: before } = view.state;
  const { predecessor: after } = stateAfter;
  if (before === undefined && after === undefined) return undefined;
  if (before === undefined || after === undefined || !isFewer(before, after)) {
    return refused("notAllowed", "What a room says of its previous group stays.");
  }
  const gone = touched.filter(({ present, kept, added }) => present && kept === 0 && added === 0);
  if (gone.some(({ user }) => mayReturn(after, user))) {
    return refused("invalidCommit", "Who goes cannot come back by itself any more.");
  }
  return checkLocked(context, before, after);
}

/** Who is locked out by the loss of a mark must be one whom the committer could remove. */
function checkLocked(
  context: CommitContext,
  before: Predecessor,
  after: Predecessor,
): Verdict | undefined {
  const lost = before.returning.filter((mark) => !has(after, mark));
  if (lost.length === 0) return undefined;
  const { room } = roomOfGroup(before.claim.previous);
  const { participants, state } = context.view;
  const there = [...participants, ...context.after].map(({ user }) => user);
  const strangers = without(lost, marksOf(room, there));
  if (strangers.length === 0) return undefined;
  const capability = CAPABILITIES.removeParticipant;
  const role = roleLookup(state);
  const assigned = state.assignments.map(({ user }) => user);
  const known = assigned.filter((user) => has({ returning: strangers }, returningMark(room, user)));
  const unnamed = without(strangers, marksOf(room, known));
  const roles = [...known.map((user) => role(user)), ...unnamed.map(() => state.defaultRole)];
  const may = context.can(capability) && roles.every((one) => context.move(one, OUTSIDER_ROLE));
  return may ? undefined : refused("notAllowed", "Who may still come back stays so.", capability);
}

function marksOf(room: RoomUri, users: readonly UserUri[]) {
  return users.map((user) => returningMark(room, user));
}

function without(marks: Predecessor["returning"], others: Predecessor["returning"]) {
  return marks.filter((mark) => !has({ returning: others }, mark));
}

function has({ returning }: Pick<Predecessor, "returning">, mark: Uint8Array): boolean {
  return returning.some((one) => equalBytes(one, mark));
}

function isFewer(before: Predecessor, after: Predecessor): boolean {
  const { returning, ...rest } = after;
  const { returning: _known, ...same } = before;
  return sameValue(same, rest) && returning.every((mark) => has(before, mark));
}
