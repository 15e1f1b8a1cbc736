export { authorize } from "./authorize.ts";
export {
  authorizeGeneration,
  claimantsOf,
  endorsersNeeded,
  nextGeneration,
} from "./authorize-generation.ts";
export { authorizeFounding } from "./authorize-founding.ts";
export {
  CAPABILITIES,
  capabilityName,
  type CapabilityName,
  isCapabilityName,
} from "./capabilities.ts";
export { mayLeave, mayRemoveOwnClient, maySend } from "./may-send.ts";
export { checkOutsider, mayKnock } from "./outsider-rules.ts";
export { hasCapability, isParticipant, mayMove, roleLookup, roleOf } from "./role-of.ts";
export {
  type Actor,
  participantsAfter,
  type RoomChange,
  UNPLACED_LEAF,
  type Verdict,
} from "./room-change.ts";
export { compareUsers, type Participant, roomView, type RoomView } from "./room-view.ts";
export { rulesKnownByAll } from "./version-rules.ts";
export { sameAssignments, settle } from "./settle.ts";
export { type Founding, type OpenEndedTemplate, template } from "./template.ts";
export { ROLES, TEMPLATE_ROLES } from "./template-roles.ts";
