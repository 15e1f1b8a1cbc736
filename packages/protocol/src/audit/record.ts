import type { Bytes, Hash } from "../bytes/index.ts";
import { concatBytes } from "../bytes/index.ts";
import {
  type Codec,
  malformed,
  opaque,
  optional,
  struct,
  u64,
  u8,
  utf8,
  vector,
} from "../codec/index.ts";
import type { Sign, Verify } from "../delivery/index.ts";
import {
  type ClientUri,
  clientUriCodec,
  type GroupUri,
  groupUriCodec,
  type RoomUri,
  roomUriCodec,
} from "../identifiers/index.ts";
import { labelledHash, LABELS, signedBytes } from "../labels/index.ts";
import { LIMITS } from "../limits.ts";
import { type Act, actCodec } from "./act.ts";

/** FED-1145: one administrative act, as its actor has signed it. */
export type AuditRecord = {
  readonly group: GroupUri;
  /** The epoch that the commit ended. */
  readonly epoch: number;
  readonly actor: ClientUri;
  /** By the actor's clock, milliseconds since the Unix epoch; 0 where the actor signed nothing. */
  readonly at: number;
  readonly acts: readonly Act[];
  /** What the actor said of it; mostly nothing. */
  readonly reason: string;
};

/** The one that there is: what a later release writes is not guessed, nor read as two things (FED-102). */
const version = 1;

const codec = struct<AuditRecord & { readonly version: number }>({
  version: u8,
  group: groupUriCodec,
  epoch: u64,
  actor: clientUriCodec,
  at: u64,
  acts: vector(actCodec, { countMax: LIMITS.treeLeavesMax }),
  reason: utf8({ max: LIMITS.actReasonBytesMax }),
});

export const auditRecordCodec: Codec<AuditRecord> = {
  ...codec,
  encode: (record) => codec.encode({ version, ...record }),
  decode: (bytes) => {
    const { version: found, ...record } = codec.decode(bytes);
    if (found !== version) throw malformed("a record of another version");
    return record;
  },
};

const signature = opaque({ max: 64, min: 64 });

/** What a chained record consists of; without a signature where the commit alone proves the actor. */
export type SignedRecord = { readonly record: Bytes; readonly signature: Bytes | undefined };

export const signedRecordCodec: Codec<SignedRecord> = struct<SignedRecord>({
  record: opaque({ max: LIMITS.auditRecordBytesMax }),
  signature: optional<Bytes>(signature),
});

export function signRecord(record: Bytes, sign: Sign): SignedRecord {
  return { record, signature: sign(signedBytes(LABELS.auditRecord, record)) };
}

export function verifyRecord(
  { record, signature: by }: SignedRecord,
  key: Bytes,
  verify: Verify,
): boolean {
  return by !== undefined && verify(key, signedBytes(LABELS.auditRecord, record), by);
}

/** Where a chain stands: how many records it has, and the hash over all of them. */
export type AuditHead = { readonly number: number; readonly hash: Bytes };

export const auditHeadCodec: Codec<AuditHead> = struct<AuditHead>({
  number: u64,
  hash: opaque({ max: 32, min: 32 }),
});

/** FED-1146: of a room without a record. */
export function firstAuditHead(room: RoomUri, hash?: Hash): AuditHead {
  return { number: 0, hash: labelledHash(LABELS.auditChain, roomUriCodec.encode(room), hash) };
}

/** FED-1146: the chain with one record more. */
export function nextAuditHead(head: AuditHead, signed: SignedRecord, hash?: Hash): AuditHead {
  const content = concatBytes(auditHeadCodec.encode(head), signedRecordCodec.encode(signed));
  return { number: head.number + 1, hash: labelledHash(LABELS.auditChain, content, hash) };
}
