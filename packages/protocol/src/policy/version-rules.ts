import { RULES_VERSION, type RoomState } from "../room/index.ts";
import { refused, type RoomChange, type Verdict } from "./room-change.ts";
import type { RoomView } from "./room-view.ts";

/** What a leaf that says nothing of it knows. */
const SAID_BY_NONE = 1;

/**
 * FED-745: the rules version and the floor rise to what all who stay and come know, so that nobody is left
 * behind, and nobody comes who knows less than the floor.
 */
export function checkVersions(
  view: RoomView,
  change: RoomChange,
  stateAfter: RoomState,
): Verdict | undefined {
  const isBelow = change.added.some(
    ({ rulesKnown = SAID_BY_NONE }) => rulesKnown < stateAfter.floor,
  );
  if (isBelow) {
    return refused("versionUnsupported", "A client that comes does not know the room's rules.");
  }
  const { rulesVersion, floor } = stateAfter;
  if (rulesVersion === view.state.rulesVersion && floor === view.state.floor) return undefined;
  const removed = new Set(change.removed.map(({ leaf }) => leaf));
  const leaves = view.participants
    .flatMap((one) => one.leaves)
    .filter((leaf) => !removed.has(leaf) && knownBy(view, leaf) < rulesVersion);
  const come = change.added.some(({ rulesKnown = SAID_BY_NONE }) => rulesKnown < rulesVersion);
  if (leaves.length === 0 && !come) return undefined;
  const reason = "A client that is in the room does not know these rules.";
  return { allowed: false, code: "versionUnsupported", reason, leaves };
}

function knownBy({ rulesKnown }: RoomView, leaf: number): number {
  return rulesKnown?.get(leaf) ?? SAID_BY_NONE;
}

/** The highest rules version that every client in the room knows. */
export function rulesKnownByAll(view: RoomView): number {
  const known = view.participants.flatMap(({ leaves }) =>
    leaves.map((leaf) => knownBy(view, leaf)),
  );
  return known.length === 0 ? RULES_VERSION : Math.min(...known);
}
