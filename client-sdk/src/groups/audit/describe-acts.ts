import {
  type Act,
  formatAddress,
  HISTORY_POLICY_COMPONENT,
  LEAF_LIFETIME_COMPONENT,
  MESSAGE_EXPIRATION_COMPONENT,
  parseUserUri,
  roleDefinition,
  ROOM_COMPONENTS,
  type RoomState,
} from "@treehouse/protocol";

import type { ActShown } from "../../events/index.ts";

const parts: ReadonlyMap<number, string> = new Map<number, string>([
  [ROOM_COMPONENTS.safeAad, "safeAad"],
  [ROOM_COMPONENTS.rolesList, "roles"],
  [ROOM_COMPONENTS.basePolicy, "policy"],
  [ROOM_COMPONENTS.roomRecord, "hub"],
  [ROOM_COMPONENTS.roomMetadata, "about"],
  [ROOM_COMPONENTS.sanctions, "sanctions"],
  [ROOM_COMPONENTS.joinLinks, "links"],
  [LEAF_LIFETIME_COMPONENT, "unseen"],
  [HISTORY_POLICY_COMPONENT, "history"],
  [MESSAGE_EXPIRATION_COMPONENT, "messageLifetime"],
]);

export function describeActs(
  acts: readonly Act[],
  state: RoomState | undefined,
): readonly ActShown[] {
  const nameOf = (index: number): string =>
    (state && roleDefinition(state, index)?.name) ?? String(index);
  return acts.map(({ kind, subject, from, to, component }) => ({
    kind,
    ...(subject === "" ? {} : { address: formatAddress(parseUserUri(subject)) }),
    ...(kind === "role" ? { from: nameOf(from), to: nameOf(to) } : {}),
    ...(kind === "kick" ? { clients: from } : {}),
    ...(kind === "state" ? { part: parts.get(component) ?? `0x${component.toString(16)}` } : {}),
  }));
}
