import { toHex } from "../bytes/index.ts";
import type { JoinLink } from "../room/index.ts";
import { CAPABILITIES } from "./capabilities.ts";
import type { CommitContext } from "./commit-context.ts";
import { refused, type Verdict } from "./room-change.ts";
import { sameValue } from "./state-rules.ts";

/** FED-1082: who may make links, with which role, and who may revoke them. Nobody alters one. */
export function checkLinkChange(context: CommitContext): Verdict | undefined {
  const before = byKey(context.view.state.joinLinks);
  const after = byKey(context.stateAfter.joinLinks);
  for (const [key, link] of after) {
    const known = before.get(key);
    if (known !== undefined && sameValue(known, link)) continue;
    if (known !== undefined) return refused("notAllowed", "A join link stays as it was made.");
    const verdict = checkNew(context, link);
    if (verdict !== undefined) return verdict;
  }
  for (const [key, { createdBy }] of before) {
    if (after.has(key) || createdBy === context.user) continue;
    const capability = CAPABILITIES.deleteJoinCode;
    if (context.can(capability)) continue;
    return refused("notAllowed", "The role may not revoke this join link.", capability);
  }
  return undefined;
}

/**
 * A link gives what its maker may give to somebody who comes in, and never less than everybody has
 * who does: whoever comes has the default role at first.
 */
function checkNew(context: CommitContext, link: JoinLink): Verdict | undefined {
  const { view, stateAfter, user } = context;
  if (view.state.basePolicy.fixedMembership) {
    return refused("notAllowed", "The users of this room are fixed.");
  }
  if (link.createdBy !== user) return refused("notAllowed", "A join link names who makes it.");
  if (link.role < stateAfter.defaultRole) {
    return refused("notAllowed", "A join link gives at least the default role.");
  }
  const capability = CAPABILITIES.createJoinCode;
  return context.can(capability) && context.move(0, link.role)
    ? undefined
    : refused("notAllowed", "The role may not make such a join link.", capability);
}

function byKey(links: readonly JoinLink[]): ReadonlyMap<string, JoinLink> {
  return new Map(links.map((link) => [toHex(link.key), link]));
}
