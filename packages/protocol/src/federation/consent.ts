import type { Bytes } from "../bytes/index.ts";
import { enumeration, fixed, optional, struct, u64, utf8 } from "../codec/index.ts";
import type { Codec } from "../codec/index.ts";
import { clientUriCodec, roomUriCodec, userUriCodec } from "../identifiers/index.ts";
import type { ClientUri, RoomUri, UserUri } from "../identifiers/index.ts";
import { LIMITS } from "../limits.ts";

const OPERATIONS = { cancel: 0, request: 1, grant: 2, revoke: 3 } as const;

/** Whether somebody may fetch somebody's KeyPackages: asked for, given, or taken back. */
export type ConsentEntry = {
  /** `cancel` and `request` come from the requester's server, the others from the target's. */
  readonly operation: keyof typeof OPERATIONS;
  /** Always who would fetch KeyPackages. */
  readonly requester: UserUri;
  /** Always whose KeyPackages they are. */
  readonly target: UserUri;
  /** `undefined`: for any room. */
  readonly room: RoomUri | undefined;
  readonly note: string;
  readonly at: number;
};

/** An account that is gone for good. */
export type UserDeleted = { readonly user: UserUri; readonly deletedAt: number };

/** A client that its user has taken off the client list for good. */
export type ClientRevoked = { readonly client: ClientUri; readonly revokedAt: number };
/** An account that was reset: its user begins again with another identity key. */
export type UserReset = {
  readonly user: UserUri;
  readonly resetAt: number;
  readonly identityKey: Bytes;
};

export const consentEntryCodec: Codec<ConsentEntry> = struct<ConsentEntry>({
  operation: enumeration(OPERATIONS),
  requester: userUriCodec,
  target: userUriCodec,
  room: optional(roomUriCodec),
  note: utf8({ max: LIMITS.consentNoteBytesMax }),
  at: u64,
});

export const userDeletedCodec: Codec<UserDeleted> = struct<UserDeleted>({
  user: userUriCodec,
  deletedAt: u64,
});

export const clientRevokedCodec: Codec<ClientRevoked> = struct<ClientRevoked>({
  client: clientUriCodec,
  revokedAt: u64,
});

export const userResetCodec: Codec<UserReset> = struct<UserReset>({
  user: userUriCodec,
  resetAt: u64,
  identityKey: fixed(32),
});
