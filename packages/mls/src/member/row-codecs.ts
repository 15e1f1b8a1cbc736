import type { Bytes, Codec } from "@treehouse/protocol";
import {
  checked,
  enumeration,
  groupUriCodec,
  opaque,
  optional,
  struct,
  u32,
  u64,
  u8,
  vector,
} from "@treehouse/protocol";

/** Rows are our own, so the only bound is that of the encoding. */
const MAX = 2 ** 30 - 1;
const bytes = opaque({ max: MAX });
const version = checked(u8, (value) => (value === 1 ? undefined : "another version"));

const statuses = { joining: 0, active: 1, gone: 2 } as const;

export const headCodec = struct({
  version,
  status: enumeration(statuses),
  group: groupUriCodec,
  ownLeaf: u32,
  epoch: u64,
});

export const contextCodec = struct<{ context: Bytes; confirmationTag: Bytes; size: number }>({
  context: bytes,
  confirmationTag: bytes,
  size: u32,
});

export const pastCodec = struct<{ context: Bytes; senderDataSecret: Bytes; width: number }>({
  context: bytes,
  senderDataSecret: bytes,
  width: u32,
});

export type StoredKeys = readonly { node: number; key: Bytes }[];

export const keysCodec: Codec<StoredKeys> = vector(struct({ node: u32, key: bytes }));

type StoredRatchet = { secret: Bytes; generation: number };
const ratchetCodec = struct<StoredRatchet>({ secret: bytes, generation: u32 });

/** The two ratchets of one sender; keys of skipped generations have rows of their own. */
export const senderCodec = struct<{ handshake: StoredRatchet; application: StoredRatchet }>({
  handshake: ratchetCodec,
  application: ratchetCodec,
});

export const optionalNodeCodec = optional(bytes);

export const proposalCodec = struct<{
  order: number;
  ref: Bytes;
  message: Bytes;
  removes: number;
  senderLeaf: number | undefined;
}>({ order: u32, ref: bytes, message: bytes, removes: u32, senderLeaf: optional(u32) });

export type StoredNext = {
  context: Bytes;
  confirmationTag: Bytes;
  keySchedule: Bytes;
  secretTree: Bytes;
  keys: StoredKeys;
  size: number;
  nodes: readonly { index: number; node: Bytes | undefined }[];
};

const nextCodec = struct<StoredNext>({
  context: bytes,
  confirmationTag: bytes,
  keySchedule: bytes,
  secretTree: bytes,
  keys: keysCodec,
  size: u32,
  nodes: vector(struct<StoredNext["nodes"][number]>({ index: u32, node: optional(bytes) })),
});

export type StoredPrepared = {
  version: number;
  commit: Bytes;
  welcome: Bytes | undefined;
  groupInfo: Bytes;
  epoch: number;
  next: StoredNext | undefined;
};

export const preparedCodec = struct<StoredPrepared>({
  version,
  commit: bytes,
  welcome: optional(bytes),
  groupInfo: bytes,
  epoch: u64,
  next: optional(nextCodec),
});
