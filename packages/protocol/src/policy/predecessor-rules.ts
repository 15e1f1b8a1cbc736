import { equalBytes } from "../bytes/index.ts";
import { mayReturn, type Predecessor } from "../room/index.ts";
import type { CommitContext } from "./commit-context.ts";
import { refused, type Verdict } from "./room-change.ts";
import { sameValue } from "./state-rules.ts";

/**
 * FED-1133: what a generation says of the one before stays, but that the marks of users who may come
 * in by themselves can go, and that of whoever goes must.
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
  return gone.some(({ user }) => mayReturn(after, user))
    ? refused("invalidCommit", "Who goes cannot come back by itself any more.")
    : undefined;
}

function isFewer(before: Predecessor, after: Predecessor): boolean {
  const { returning, ...rest } = after;
  const { returning: known, ...same } = before;
  return (
    sameValue(same, rest) && returning.every((mark) => known.some((one) => equalBytes(one, mark)))
  );
}
