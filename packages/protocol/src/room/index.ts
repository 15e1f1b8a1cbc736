export { type JoinLink, joinLinksCodec, sortedJoinLinks } from "./join-links.ts";
export {
  encodeMessageExpiration,
  MESSAGE_EXPIRATION_COMPONENT,
  type MessageExpiration,
  messageExpirationOf,
} from "./message-expiration.ts";
export { encodeRoomEnd, isEnded, ROOM_END_COMPONENT } from "./room-end.ts";
export { isParticipantRole, ownerRole, roleDefinition } from "./roles.ts";
export { componentsOf, decodeRoomState, encodeRoomState } from "./room-state-codec.ts";
export { OUTSIDER_ROLE, ROOM_COMPONENTS, RULES_VERSION } from "./room-state.ts";
export type {
  BasePolicy,
  Role,
  RoleAssignment,
  RoleChange,
  RoomState,
  RoomTemplate,
} from "./room-state.ts";
