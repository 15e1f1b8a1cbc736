import type { Bytes } from "../bytes/index.ts";
import {
  type Codec,
  codec,
  enumeration,
  fixed,
  malformed,
  optional,
  struct,
  u16,
  u32,
  u64,
  utf8,
  vector,
} from "../codec/index.ts";
import { domainCodec, parseRoomUri, type RoomUri, userUriCodec } from "../identifiers/index.ts";
import { LIMITS } from "../limits.ts";
import {
  type BasePolicy,
  type Role,
  type RoleAssignment,
  type RoleChange,
  ROOM_TEMPLATES,
  type RoomState,
} from "./room-state.ts";

/** The room record: what every version must be able to read comes first. */
export const roomRecordCodec = struct<
  Pick<RoomState, "rulesVersion" | "floor" | "template" | "hub" | "term" | "hubKey">
>({
  rulesVersion: u16,
  floor: u16,
  template: enumeration(ROOM_TEMPLATES),
  hub: domainCodec,
  term: u64,
  hubKey: optional<Bytes>(fixed(32)),
});

export const roleAssignmentsCodec = struct<Pick<RoomState, "defaultRole" | "assignments">>({
  defaultRole: u32,
  assignments: vector(struct<RoleAssignment>({ user: userUriCodec, role: u32 })),
});

const optionalU32 = optional<number>(u32);

/** `roles_list` of the MIMI room policy. */
export const rolesListCodec: Codec<readonly Role[]> = vector(
  struct<Role>({
    index: u32,
    name: utf8({ max: LIMITS.nameBytesMax }),
    description: utf8({ max: LIMITS.descriptionBytesMax }),
    capabilities: vector(u16),
    minimumParticipants: u32,
    maximumParticipants: optionalU32,
    minimumActiveParticipants: u32,
    maximumActiveParticipants: optionalU32,
    changes: vector(struct<RoleChange>({ from: u32, to: vector(u32) })),
  }),
);

const bool: Codec<boolean> = codec(
  (writer, value) => writer.u8(value ? 1 : 0),
  (reader) => {
    const value = reader.u8();
    if (value > 1) throw malformed("a truth value that is neither 0 nor 1");
    return value === 1;
  },
);

/** A room's URI, or no octets at all. */
const parentRoom: Codec<RoomUri | undefined> = codec(
  (writer, value) => writer.ascii(value ?? ""),
  (reader) => {
    const text = reader.ascii(LIMITS.uriBytesMax);
    return text === "" ? undefined : parseRoomUri(text);
  },
);

/** `base_room_policy` of the MIMI room policy. */
export const basePolicyCodec = struct<BasePolicy>({
  fixedMembership: bool,
  parentDependent: bool,
  parentRoom,
  multiDevice: bool,
  maxClients: optionalU32,
  maxUsers: optionalU32,
  pseudonymsAllowed: bool,
  persistentRoom: bool,
  discoverable: bool,
  policyComponents: vector(u16),
});

/** A list of SafeAAD component ids (`safe_aad` in a GroupContext: required). */
export const componentListCodec: Codec<readonly number[]> = vector(u16);
