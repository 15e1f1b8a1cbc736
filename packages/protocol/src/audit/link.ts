import { type Bytes, equalBytes } from "../bytes/index.ts";
import {
  checked,
  type Codec,
  fixed,
  malformed,
  opaque,
  optional,
  struct,
  u64,
  u8,
  utf8,
} from "../codec/index.ts";
import { LIMITS } from "../limits.ts";
import { type AuditHead, auditHeadCodec } from "./record.ts";

/** SafeAAD component of a commit: sealed for those who are in the room before it. */
export const AUDIT_AAD_COMPONENT = 0x800e;

/** FED-1147: what a committer says of the record of acts, and of the own act. */
export type AuditLink = {
  /** How the committer has the chain before this commit; absent where it is not known. */
  readonly head: AuditHead | undefined;
  readonly at: number;
  /** Over the record of this commit; absent where it is no act. */
  readonly signature: Bytes | undefined;
  readonly reason: string;
};

type Padded = AuditLink & { readonly version: number; readonly padding: Bytes };

const codec = struct<Padded>({
  version: u8,
  head: optional(auditHeadCodec),
  at: u64,
  signature: optional<Bytes>(fixed(64)),
  reason: utf8({ max: LIMITS.actReasonBytesMax }),
  padding: opaque({ max: LIMITS.authenticatedDataBytesMax }),
});

/** Two lengths, so that a server learns no more of a reason than whether it is long. */
const lengths = [256, 768] as const;
/** At least 64 octets stay for the padding, so that its own length always takes two. */
const paddingMin = 64 + 2;

export const auditLinkCodec: Codec<AuditLink> = {
  ...codec,
  encode(link) {
    const bare = codec.encode({ version: 1, ...link, padding: new Uint8Array(0) }).length - 1;
    const padded = lengths.find((length) => length >= bare + paddingMin) ?? bare + paddingMin;
    return codec.encode({ version: 1, ...link, padding: new Uint8Array(padded - bare - 2) });
  },
  decode(bytes) {
    const { version: _, padding: __, ...link } = codec.decode(bytes);
    // FED-102: one version, zeros of just this number behind it, and nothing hidden among them.
    if (!equalBytes(auditLinkCodec.encode(link), bytes)) throw malformed("not the one padding");
    return link;
  },
};

/** The component's data: AES-128-GCM, whose key is of the MLS exporter (FED-1147). */
export const sealedLinkCodec = checked(
  struct<{ readonly nonce: Bytes; readonly sealed: Bytes }>({
    nonce: fixed(12),
    sealed: opaque({ max: LIMITS.authenticatedDataBytesMax }),
  }),
  ({ sealed }) => (sealed.length < 16 ? "too short to be sealed" : undefined),
);
