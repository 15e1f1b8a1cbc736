import { equalBytes } from "../bytes/index.ts";
import { componentsOf, isEnded, ROOM_COMPONENTS, ROOM_END_COMPONENT } from "../room/index.ts";
import { CAPABILITIES } from "./capabilities.ts";
import type { CommitContext } from "./commit-context.ts";
import { refused, type Verdict } from "./room-change.ts";

/**
 * FED-1150: the end of a room is one act, and nothing else. What follows from removals that are due
 * comes along, for no commit may leave them out.
 */
export function checkEnd(context: CommitContext): Verdict | undefined {
  const { stateAfter } = context;
  if (!isEnded(stateAfter)) return undefined;
  const capability = CAPABILITIES.destroyRoom;
  if (!context.can(capability)) {
    return refused("notAllowed", "The role may not end the room.", capability);
  }
  const isAlone =
    context.change.added.length === 0 &&
    context.moves.length === 0 &&
    context.touched.every(({ voluntary }) => voluntary === 0) &&
    isOtherwiseSame(context);
  return isAlone ? undefined : refused("invalidCommit", "Whoever ends a room does nothing else.");
}

const beside: ReadonlySet<number> = new Set([ROOM_END_COMPONENT, ROOM_COMPONENTS.roleAssignments]);

function isOtherwiseSame({ view, stateAfter }: CommitContext): boolean {
  const [before, after] = [componentsOf(view.state), componentsOf(stateAfter)];
  return [...new Set([...before.keys(), ...after.keys()])].every((component) => {
    const [was, is] = [before.get(component), after.get(component)];
    return beside.has(component) || (was && is && equalBytes(was, is)) === true;
  });
}
