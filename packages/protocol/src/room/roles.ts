import {
  BANNED_ROLE,
  BANNED_ROLE_NAME,
  OUTSIDER_ROLE,
  type Role,
  type RoomState,
} from "./room-state.ts";

type Roles = Pick<RoomState, "roles">;

/** The definition of a role; `undefined` for an index that the room does not define. */
export function roleDefinition({ roles }: Roles, index: number): Role | undefined {
  return roles.find((role) => role.index === index);
}

/** FED-711, the owners' role: the highest index that the room defines; 0 if it defines none. */
export function ownerRole({ roles }: Roles): number {
  return roles.reduce((highest, role) => Math.max(highest, role.index), OUTSIDER_ROLE);
}

/** FED-710, a role that participants can hold: defined, not 0, and not MIMI's "banned" (index 1). */
export function isParticipantRole(state: Roles, index: number): boolean {
  const role = roleDefinition(state, index);
  return role !== undefined && index !== OUTSIDER_ROLE && !isBannedRole(role);
}

/** FED-710: role 1 with MIMI's name for it stands for those who are banned. */
export function isBannedRole({ index, name }: Pick<Role, "index" | "name">): boolean {
  return index === BANNED_ROLE && name === BANNED_ROLE_NAME;
}
