import { toHex } from "../bytes/index.ts";
import { LIMITS } from "../limits.ts";
import { TREEHOUSE_AAD_COMPONENT } from "../safe-aad/index.ts";
import { joinLinksFault } from "./join-links.ts";
import { isParticipantRole, ownerRole, roleDefinition } from "./roles.ts";
import { sanctionsFault } from "./sanctions.ts";
import { OUTSIDER_ROLE, type Role, ROOM_COMPONENTS, type RoomState } from "./room-state.ts";

/** FED-704: says what is wrong with a state that has all its fields; `undefined` if nothing is. */
export function roomStateFault(state: RoomState): string | undefined {
  if (state.floor < 1 || state.floor > state.rulesVersion) return "a floor above the rules version";
  return (
    rolesFault(state) ??
    assignmentsFault(state) ??
    joinLinksFault(state) ??
    (state.sanctions && sanctionsFault(state.sanctions)) ??
    componentsFault(state)
  );
}

function rolesFault(state: RoomState): string | undefined {
  if (!ascending(state.roles.map(({ index }) => index))) return "roles out of order";
  if (!isParticipantRole(state, ownerRole(state))) return "no role that an owner could hold";
  for (const role of state.roles) {
    const fault = roleFault(state, role);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function roleFault(state: RoomState, role: Role): string | undefined {
  if (!ascending(role.capabilities)) return "capabilities out of order";
  if (!ascending(role.changes.map(({ from }) => from))) return "role changes out of order";
  for (const { from, to } of role.changes) {
    if (to.length === 0 || !ascending(to)) return "targets of a role change out of order";
    if (![from, ...to].every((index) => isDefined(state, index))) return "an undefined role";
  }
  const { maximumParticipants = Infinity, maximumActiveParticipants = Infinity } = role;
  const fits =
    role.minimumParticipants <= maximumParticipants &&
    role.minimumActiveParticipants <= maximumActiveParticipants;
  return fits ? undefined : "a minimum over its maximum";
}

function assignmentsFault(state: RoomState): string | undefined {
  const { defaultRole, assignments } = state;
  if (defaultRole !== OUTSIDER_ROLE && !isParticipantRole(state, defaultRole)) {
    return "a default role that nobody can hold";
  }
  if (!ascending(assignments.map(({ user }) => user))) return "role assignments out of order";
  return assignments.every(({ role }) => role !== defaultRole && isParticipantRole(state, role))
    ? undefined
    : "an assignment of the default role, or of one that nobody can hold";
}

function componentsFault(state: RoomState): string | undefined {
  const { basePolicy, safeAad, otherComponents, metadata } = state;
  if (basePolicy.parentDependent !== (basePolicy.parentRoom !== undefined)) {
    return "a parent room without dependence, or the reverse";
  }
  if (!ascending(basePolicy.policyComponents)) return "policy components out of order";
  if (!ascending(safeAad)) return "required SafeAAD components out of order";
  if (!safeAad.includes(TREEHOUSE_AAD_COMPONENT)) return "our SafeAAD component is not required";
  if (!ascending(otherComponents.map(({ component }) => component))) {
    return "components out of order";
  }
  const { predecessor, hubConsent, hubKey } = state;
  if (hubConsent !== undefined && hubKey === undefined) return "a hub without key";
  if (predecessor !== undefined) {
    const { endorsements, returning } = predecessor;
    if (!ascending(endorsements.map(({ client }) => client))) return "endorsements out of order";
    if (!ascending(returning.map(toHex))) return "returning users out of order";
  }
  const known = new Set<number>(Object.values(ROOM_COMPONENTS));
  if (otherComponents.some(({ component }) => known.has(component))) {
    return "a known component among the unknown ones";
  }
  return metadata.length > LIMITS.roomMetadataBytesMax ? "metadata that is too long" : undefined;
}

function isDefined(state: RoomState, index: number): boolean {
  return index === OUTSIDER_ROLE || roleDefinition(state, index) !== undefined;
}

function ascending(values: readonly number[] | readonly string[]): boolean {
  return values.every((value, index) => {
    const before = values[index - 1];
    return before === undefined || before < value;
  });
}
