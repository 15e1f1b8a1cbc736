import type { Bytes } from "../bytes/index.ts";
import type { Domain, UserUri } from "../identifiers/index.ts";
import {
  type BasePolicy,
  OUTSIDER_ROLE,
  type Role,
  ROOM_COMPONENTS,
  type RoomState,
  type RoomTemplate,
  RULES_VERSION,
} from "../room/index.ts";
import { TREEHOUSE_AAD_COMPONENT } from "../safe-aad/index.ts";
import { CAPABILITIES, type CapabilityName } from "./capabilities.ts";
import { assignmentsFrom } from "./settle.ts";

/** Role indices of the templates; 1 is left free, because MIMI reserves it for "banned". */
export const ROLES = { outsider: OUTSIDER_ROLE, member: 2, admin: 3, owner: 4 } as const;

export interface Founding {
  readonly founder: UserUri;
  readonly hub: Domain;
  readonly term: number;
  /** The hub's Ed25519 key for this room, 32 octets. */
  readonly hubKey?: Bytes | undefined;
}

/**
 * The state in which a room of this kind begins.
 *
 * `direct`: a fixed pair of equals. The founder brings the peer in with the first commit; nobody
 * else can ever come in, both may add and remove their own clients, and one who has none left may
 * come back. With the founder as peer it is a room for oneself.
 *
 * `group`: the founder is the owner, everybody added is a member. Admins add and remove members;
 * owners also appoint admins and further owners. Owners cannot remove each other.
 */
export function template(kind: "group", founding: Founding): RoomState;
export function template(
  kind: "direct",
  founding: Founding & { readonly peer: UserUri },
): RoomState;
export function template(
  kind: RoomTemplate,
  founding: Founding & { readonly peer?: UserUri },
): RoomState {
  const { founder, hub, term, hubKey, peer = founder } = founding;
  const state = {
    rulesVersion: RULES_VERSION,
    floor: RULES_VERSION,
    template: kind,
    hub,
    term,
    hubKey,
    metadata: new Uint8Array(0),
    joinLinks: [],
    safeAad: [TREEHOUSE_AAD_COMPONENT],
    otherComponents: [],
  };
  if (kind === "direct") {
    const pair = new Map([founder, peer].map((user) => [user, ROLES.member]));
    return {
      ...state,
      roles: [outsider, role(ROLES.member, "participant", participant, { most: 2 })],
      defaultRole: ROLES.outsider,
      assignments: assignmentsFrom(pair, ROLES.outsider),
      basePolicy: { ...basePolicy, fixedMembership: true, maxUsers: 2 },
    };
  }
  return {
    ...state,
    roles: groupRoles,
    defaultRole: ROLES.member,
    assignments: [{ user: founder, role: ROLES.owner }],
    basePolicy,
  };
}

const basePolicy: BasePolicy = {
  fixedMembership: false,
  parentDependent: false,
  parentRoom: undefined,
  multiDevice: true,
  maxClients: undefined,
  maxUsers: undefined,
  pseudonymsAllowed: false,
  persistentRoom: true,
  discoverable: false,
  policyComponents: [ROOM_COMPONENTS.rolesList],
};

const conversation: readonly CapabilityName[] = [
  ...(["addOwnClient", "removeOwnClient", "sendMessage", "receiveMessage", "copyMessage"] as const),
  ...(["reportAbuse", "replyToMessage", "reactToMessage", "editReaction"] as const),
  ...(["deleteOwnReaction", "editOwnMessage", "deleteOwnMessage"] as const),
  ...(["startTopic", "replyInTopic", "editOwnTopic"] as const),
  ...(["uploadImage", "uploadAudio", "uploadVideo", "uploadAttachment"] as const),
  ...(["downloadImage", "downloadAudio", "downloadVideo", "downloadAttachment"] as const),
  ...(["sendLink", "sendLinkPreview", "followLink", "copyLink", "rekeyRoomMetadata"] as const),
];

const about: readonly CapabilityName[] = [
  ...(["changeRoomMetadata", "changeRoomName", "changeRoomDescription"] as const),
  ...(["changeRoomAvatar", "changeRoomSubject"] as const),
];

const participant: readonly CapabilityName[] = [
  ...conversation,
  ...about,
  ...(["raiseRules", "changeOtherComponents"] as const),
];

const member: readonly CapabilityName[] = [...conversation, "removeSelf"];

const admin: readonly CapabilityName[] = [
  ...member,
  ...about,
  ...(["addParticipant", "removeParticipant", "kick"] as const),
  ...(["deleteOtherReaction", "deleteOtherMessage", "editOtherTopic", "lowerOwnRole"] as const),
  ...(["createJoinCode", "deleteJoinCode", "acceptKnock"] as const),
];

const owner: readonly CapabilityName[] = [
  ...admin,
  ...(["changeUserRole", "changeMembershipStyle", "changeRoleDefinitions"] as const),
  ...(["raiseRules", "changeOtherComponents"] as const),
];

const outsider: Role = {
  index: ROLES.outsider,
  name: "outsider",
  description: "",
  capabilities: [],
  minimumParticipants: 0,
  maximumParticipants: undefined,
  minimumActiveParticipants: 0,
  maximumActiveParticipants: 0,
  changes: [],
};

/** By a link to be a member, or an admin if it says so; and everybody else may ask. */
const groupOutsider: Role = {
  ...outsider,
  capabilities: [CAPABILITIES.useJoinCode, CAPABILITIES.knock],
  changes: [{ from: ROLES.outsider, to: [ROLES.member, ROLES.admin] }],
};

const groupRoles: readonly Role[] = [
  groupOutsider,
  role(ROLES.member, "member", member),
  role(ROLES.admin, "admin", admin, {
    changes: [
      { from: ROLES.outsider, to: [ROLES.member] },
      { from: ROLES.member, to: [ROLES.outsider] },
    ],
  }),
  role(ROLES.owner, "owner", owner, {
    least: 1,
    changes: [
      { from: ROLES.outsider, to: [ROLES.member, ROLES.admin] },
      { from: ROLES.member, to: [ROLES.outsider, ROLES.admin, ROLES.owner] },
      { from: ROLES.admin, to: [ROLES.outsider, ROLES.member, ROLES.owner] },
    ],
  }),
];

function role(
  index: number,
  name: string,
  capabilities: readonly CapabilityName[],
  rules: { least?: number; most?: number; changes?: Role["changes"] } = {},
): Role {
  return {
    index,
    name,
    description: "",
    capabilities: capabilities.map((one) => CAPABILITIES[one]).toSorted((a, b) => a - b),
    minimumParticipants: rules.least ?? 0,
    maximumParticipants: rules.most,
    minimumActiveParticipants: 0,
    maximumActiveParticipants: undefined,
    changes: rules.changes ?? [],
  };
}
