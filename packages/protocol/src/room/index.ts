export { type Invitee, type JoinLink, joinLinksCodec, sortedJoinLinks } from "./join-links.ts";
export {
  encodeMessageExpiration,
  MESSAGE_EXPIRATION_COMPONENT,
  type MessageExpiration,
  messageExpirationOf,
} from "./message-expiration.ts";
export { hubConsentCodec } from "./hub-consent.ts";
export { type HubConsent, type NamedHub, signHubConsent, verifyHubConsent } from "./hub-consent.ts";
export {
  areEndorsed,
  compareClaims,
  type Endorsement,
  endorsementCodec,
  endorsementsCodec,
  firstPositionOf,
  type GenerationClaim,
  generationClaimCodec,
  mayReturn,
  type Predecessor,
  returningMark,
  signGenerationClaim,
  TERMS_AHEAD_MAX,
  verifyEndorsement,
} from "./predecessor.ts";
export { isBannedRole, isParticipantRole, ownerRole, roleDefinition } from "./roles.ts";
export { encodeLeafLifetime, LEAF_LIFETIME_COMPONENT, leafLifetimeOf } from "./leaf-lifetime.ts";
export { encodeRoomEnd, isEnded, ROOM_END_COMPONENT } from "./room-end.ts";
export { componentsOf, decodeRoomState, encodeRoomState } from "./room-state-codec.ts";
export {
  BANNED_ROLE,
  BANNED_ROLE_NAME,
  OUTSIDER_ROLE,
  ROOM_COMPONENTS,
  ROOM_TEMPLATES,
  RULES_VERSION,
} from "./room-state.ts";
export { isBanned, isMuted, muteOf, SANCTIONS_SALT_BYTES, userTag } from "./sanctions.ts";
export type { Mute, Sanctions, UserTag } from "./sanctions.ts";
export type {
  BasePolicy,
  Role,
  RoleAssignment,
  RoleChange,
  RoomState,
  RoomTemplate,
} from "./room-state.ts";
