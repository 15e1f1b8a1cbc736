import {
  type Bytes,
  fixed,
  leafIdentityCodec,
  LIMITS,
  type LeafIdentity,
  optional,
  type SignedRecord,
  signedRecordCodec,
  struct,
  u8,
  utf8,
} from "@treehouse/protocol";

/** What is kept of a record beside where it stands. */
export type AuditBody = {
  readonly signed: SignedRecord;
  /** Of the leaf that signed it; absent where nobody did. */
  readonly identity: LeafIdentity | undefined;
  /** The chain's hash before it. */
  readonly previous: Bytes;
  /** What this client has seen of it beyond the record, as JSON; empty where it was not there. */
  readonly notes: string;
};

const codec = struct<AuditBody & { readonly version: number }>({
  version: u8,
  signed: signedRecordCodec,
  identity: optional(leafIdentityCodec),
  previous: fixed(32),
  notes: utf8({ max: LIMITS.auditRecordBytesMax }),
});

export function encodeAuditBody(body: AuditBody): Bytes {
  return codec.encode({ version: 1, ...body });
}

export function decodeAuditBody(bytes: Uint8Array): AuditBody {
  const { version: _, ...body } = codec.decode(bytes);
  return body;
}
