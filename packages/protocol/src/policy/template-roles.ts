import {
  BANNED_ROLE,
  BANNED_ROLE_NAME,
  OUTSIDER_ROLE,
  type Role,
  type RoleChange,
  type RoomTemplate,
} from "../room/index.ts";
import { CAPABILITIES, type CapabilityName } from "./capabilities.ts";

/**
 * Role indices of the templates. Roles rank by index, and the owners' keeps its own for good: the gaps
 * are for the roles that a room defines for itself.
 */
export const ROLES = {
  outsider: OUTSIDER_ROLE,
  banned: BANNED_ROLE,
  member: 10,
  speaker: 20,
  admin: 30,
  owner: 40,
} as const;

const reading: readonly CapabilityName[] = [
  ...(["addOwnClient", "removeOwnClient", "receiveMessage", "copyMessage"] as const),
  ...(["reportAbuse", "rekeyRoomMetadata", "followLink", "copyLink"] as const),
  ...(["downloadImage", "downloadAudio", "downloadVideo", "downloadAttachment"] as const),
];

const conversation: readonly CapabilityName[] = [
  ...reading,
  ...(["sendMessage", "replyToMessage", "reactToMessage", "editReaction"] as const),
  ...(["deleteOwnReaction", "editOwnMessage", "deleteOwnMessage"] as const),
  ...(["startTopic", "replyInTopic", "editOwnTopic", "sendLink", "sendLinkPreview"] as const),
  ...(["uploadImage", "uploadAudio", "uploadVideo", "uploadAttachment"] as const),
];

/** What a room says of itself. */
const about: readonly CapabilityName[] = [
  ...(["changeRoomMetadata", "changeRoomName", "changeRoomDescription"] as const),
  ...(["changeRoomAvatar", "changeRoomSubject"] as const),
];

const pair: readonly CapabilityName[] = [
  ...conversation,
  ...about,
  ...(["raiseRules", "changeOtherComponents", "changeHub"] as const),
  ...(["pinMessage", "callEveryone", "readAuditLog", "destroyRoom"] as const),
];

const reader: readonly CapabilityName[] = [...reading, "removeSelf"];

const member: readonly CapabilityName[] = [...conversation, "removeSelf"];

const admin: readonly CapabilityName[] = [
  ...member,
  ...about,
  ...(["addParticipant", "removeParticipant", "kick", "ban", "unban", "muteUser"] as const),
  ...(["createJoinCode", "deleteJoinCode", "acceptKnock"] as const),
  ...(["deleteOtherReaction", "deleteOtherMessage", "editOtherTopic", "lowerOwnRole"] as const),
  ...(["pinMessage", "callEveryone", "readAuditLog"] as const),
];

const owner: readonly CapabilityName[] = [
  ...admin,
  ...(["changeUserRole", "changeMembershipStyle", "changeRoleDefinitions"] as const),
  ...(["raiseRules", "changeOtherComponents", "changeHub", "destroyRoom"] as const),
];

const { outsider, banned } = ROLES;

/** The role definitions in which a room of each kind begins. */
export const TEMPLATE_ROLES: Record<RoomTemplate, readonly Role[]> = {
  direct: [absent(outsider, "outsider", []), role("member", pair, { most: 2 })],
  group: [
    absent(outsider, "outsider", ["useJoinCode", "knock"], [ROLES.member, ROLES.admin]),
    absent(banned, BANNED_ROLE_NAME, []),
    role("member", member),
    ...leaders([ROLES.member]),
  ],
  announcement: [
    absent(
      outsider,
      "outsider",
      ["useJoinCode", "knock"],
      [ROLES.member, ROLES.speaker, ROLES.admin],
    ),
    absent(banned, BANNED_ROLE_NAME, []),
    role("member", reader),
    role("speaker", [...member, "lowerOwnRole"]),
    ...leaders([ROLES.member, ROLES.speaker]),
  ],
  open: [
    absent(outsider, "outsider", ["openJoin", "useJoinCode"], [ROLES.member, ROLES.admin]),
    absent(banned, BANNED_ROLE_NAME, []),
    role("member", [...member, "addParticipant"], {
      changes: [{ from: outsider, to: [ROLES.member] }],
    }),
    ...leaders([ROLES.member]),
  ],
};

/**
 * Admins and owners above those whom they lead. Admins bring anybody in as a member, and take anybody
 * out who is no admin; owners do the same with admins, and give every role.
 */
function leaders(led: readonly number[]): readonly Role[] {
  const bans = { from: outsider, to: [banned, ROLES.member] };
  const unbans = { from: banned, to: [outsider] };
  const ranks = [...led, ROLES.admin, ROLES.owner];
  return [
    role("admin", admin, {
      changes: [bans, unbans, ...led.map((from) => ({ from, to: [outsider, banned] }))],
    }),
    role("owner", owner, {
      least: 1,
      changes: [
        { from: outsider, to: [banned, ...led, ROLES.admin] },
        unbans,
        ...[...led, ROLES.admin].map((from) => ({
          from,
          to: [outsider, banned, ...ranks.filter((to) => to !== from)],
        })),
      ],
    }),
  ];
}

/** A role of users who are not in the room. */
function absent(
  index: number,
  name: string,
  capabilities: readonly CapabilityName[],
  to: readonly number[] = [],
): Role {
  return {
    index,
    name,
    description: "",
    capabilities: numbers(capabilities),
    minimumParticipants: 0,
    maximumParticipants: undefined,
    minimumActiveParticipants: 0,
    maximumActiveParticipants: 0,
    changes: to.length === 0 ? [] : [{ from: outsider, to }],
  };
}

function role(
  name: "member" | "speaker" | "admin" | "owner",
  capabilities: readonly CapabilityName[],
  rules: { least?: number; most?: number; changes?: readonly RoleChange[] } = {},
): Role {
  return {
    index: ROLES[name],
    name,
    description: "",
    capabilities: numbers(capabilities),
    minimumParticipants: rules.least ?? 0,
    maximumParticipants: rules.most,
    minimumActiveParticipants: 0,
    maximumActiveParticipants: undefined,
    changes: rules.changes ?? [],
  };
}

function numbers(names: readonly CapabilityName[]): readonly number[] {
  return names.map((one) => CAPABILITIES[one]).toSorted((a, b) => a - b);
}
