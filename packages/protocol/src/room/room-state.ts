import type { Bytes } from "../bytes/index.ts";
import type { Domain, RoomUri, UserUri } from "../identifiers/index.ts";
import type { Dictionary } from "../safe-aad/index.ts";
import type { HubConsent } from "./hub-consent.ts";
import type { Predecessor } from "./predecessor.ts";
import type { Sanctions } from "./sanctions.ts";
import type { JoinLink } from "./join-links.ts";

/** The version of the rules that this code evaluates: the first field of every room's record. */
export const RULES_VERSION = 1;

/** FED-702: component ids of the GroupContext's `app_data_dictionary`. */
export const ROOM_COMPONENTS = {
  /** SafeAAD types that every message in the room must be able to carry (mls-extensions). */
  safeAad: 0x0002,
  /** MIMI room policy: `Role<V>`. */
  rolesList: 0x0025,
  /** MIMI room policy: base policy. */
  basePolicy: 0x0027,
  /** Ours: rules version, floor, template, hub, term, hub key. */
  roomRecord: 0x8002,
  /** Ours: the default role and the role assignments that differ from it. */
  roleAssignments: 0x8003,
  /** Ours: the room's metadata as ciphertext; absent while there is none. */
  roomMetadata: 0x8004,
  /** Ours: what was before this generation; absent in the first. */
  predecessor: 0x800a,
  /** Ours: the hub's word that it is the hub; absent while the founding one is. */
  hubConsent: 0x800b,
  /** Ours: bans and mutes; absent while there is none. */
  sanctions: 0x8006,
  /** Ours: the links by which outsiders may come in; absent while there is none. */
  joinLinks: 0x8008,
} as const;

/** MIMI room policy: role 0 is every user who is not a participant. */
export const OUTSIDER_ROLE = 0;

/** MIMI room policy: role 1 is that of the banned if its name is `BANNED_ROLE_NAME`. */
export const BANNED_ROLE = 1;
export const BANNED_ROLE_NAME = "banned";

/** Every template with its number in the room record. */
export const ROOM_TEMPLATES = { direct: 1, group: 2, announcement: 3, open: 4 } as const;

export type RoomTemplate = keyof typeof ROOM_TEMPLATES;

/**
 * A MIMI role definition (room-policy §4.2). In rules version 1 indices rank the roles: the one
 * with the highest index is the owners' role, and at least one participant holds it.
 */
export interface Role {
  readonly index: number;
  readonly name: string;
  readonly description: string;
  /** Capability numbers, ascending. */
  readonly capabilities: readonly number[];
  readonly minimumParticipants: number;
  /** `undefined` = no bound. */
  readonly maximumParticipants: number | undefined;
  readonly minimumActiveParticipants: number;
  /** `undefined` = no bound. */
  readonly maximumActiveParticipants: number | undefined;
  /** What holders may do to others, ascending by `from`; from 0 = add, to 0 = remove. */
  readonly changes: readonly RoleChange[];
}

export interface RoleChange {
  readonly from: number;
  /** Target role indices, ascending. */
  readonly to: readonly number[];
}

export interface RoleAssignment {
  readonly user: UserUri;
  readonly role: number;
}

/** MIMI `base_room_policy` (room-policy §4.6). */
export interface BasePolicy {
  /** The users are fixed at the founding; only their clients come and go. */
  readonly fixedMembership: boolean;
  readonly parentDependent: boolean;
  /** Present exactly when `parentDependent`. */
  readonly parentRoom: RoomUri | undefined;
  /** `false`: one client per user. */
  readonly multiDevice: boolean;
  readonly maxClients: number | undefined;
  readonly maxUsers: number | undefined;
  readonly pseudonymsAllowed: boolean;
  readonly persistentRoom: boolean;
  readonly discoverable: boolean;
  /** Ids of the other policy components in force, ascending. */
  readonly policyComponents: readonly number[];
}

/**
 * What the GroupContext says about a room beyond its tree; every list is sorted and unique. It
 * changes by a member's commit only (FED-705).
 */
export interface RoomState {
  readonly rulesVersion: number;
  /** Clients that do not know this rules version pause the room instead of forking it. */
  readonly floor: number;
  readonly template: RoomTemplate;
  readonly hub: Domain;
  readonly term: number;
  /** Ed25519 key of the hub for this room (32 octets), where it is not only an external sender. */
  readonly hubKey: Bytes | undefined;
  /** Ascending by index. */
  readonly roles: readonly Role[];
  /** The role of participants without an assignment; 0 = only users with one may take part. */
  readonly defaultRole: number;
  /** Ascending by user; never the default role, never role 0. */
  readonly assignments: readonly RoleAssignment[];
  readonly basePolicy: BasePolicy;
  /** Ciphertext under a key that only members have; empty = no metadata. */
  readonly metadata: Bytes;
  /** Who is banned and muted; `undefined` = nobody. */
  readonly sanctions: Sanctions | undefined;
  /** Ascending by key. */
  readonly joinLinks: readonly JoinLink[];
  /** Required SafeAAD components, ascending; always holds `TREEHOUSE_AAD_COMPONENT`. */
  readonly safeAad: readonly number[];
  /** Absent in the first generation. */
  readonly predecessor?: Predecessor;
  /** Absent while the hub is the one with which the generation began. */
  readonly hubConsent?: HubConsent;
  /** Components that this version does not know: ascending, kept byte for byte. */
  readonly otherComponents: Dictionary;
}
