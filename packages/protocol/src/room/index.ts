export { isParticipantRole, ownerRole, roleDefinition } from "./roles.ts";
export { decodeRoomState, encodeRoomState } from "./room-state-codec.ts";
export {
  OUTSIDER_ROLE,
  REQUIRED_AAD_COMPONENT,
  ROOM_COMPONENTS,
  RULES_VERSION,
} from "./room-state.ts";
export type {
  BasePolicy,
  OtherComponent,
  Role,
  RoleAssignment,
  RoleChange,
  RoomState,
  RoomTemplate,
} from "./room-state.ts";
