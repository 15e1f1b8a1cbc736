import type { Bytes } from "../bytes/index.ts";
import { checked, fixed, opaque, struct, u32, u64, utf8, varintLength } from "../codec/index.ts";
import type { Codec } from "../codec/index.ts";
import { signatureCodec } from "../delivery/index.ts";
import type { Sign, Verify } from "../delivery/index.ts";
import { groupUriCodec } from "../identifiers/index.ts";
import { LABELS, signedBytes } from "../labels/index.ts";
import { LIMITS } from "../limits.ts";
import type { EphemeralHeader } from "./message.ts";

/** What an ephemeral message says. */
export type EphemeralContent = {
  /** The sender's leaf in the header's epoch. */
  readonly leaf: number;
  /** Milliseconds since the Unix epoch, by the hub's clock as the sender knows it. */
  readonly sentAt: number;
  readonly mediaType: string;
  readonly content: Bytes;
};

/** What is sealed: the content, the leaf's signature over it and the header, and padding. */
export type EphemeralPayload = EphemeralContent & {
  readonly signature: Bytes;
  /** Zeros, so that the length tells little (FED-852). */
  readonly padding: Bytes;
};

const content = {
  leaf: u32,
  sentAt: u64,
  mediaType: utf8({ max: LIMITS.nameBytesMax }),
  content: opaque({ max: LIMITS.ephemeralContentBytesMax }),
};
const signedPartCodec = struct<EphemeralContent & { readonly signature: Bytes }>({
  ...content,
  signature: signatureCodec,
});
const paddingCodec = checked(opaque({ max: 2 * LIMITS.ephemeralPaddingBytes }), (padding) =>
  padding.every((octet) => octet === 0) ? undefined : "padding that is not zero",
);

export const ephemeralPayloadCodec: Codec<EphemeralPayload> = struct<EphemeralPayload>({
  ...content,
  signature: signatureCodec,
  padding: paddingCodec,
});

const toBeSignedCodec = struct<EphemeralHeader & EphemeralContent>({
  group: groupUriCodec,
  epoch: u64,
  salt: fixed(16),
  ...content,
});

/** Signs with the key of the sender's leaf, and pads. */
export function signEphemeral(
  header: EphemeralHeader,
  said: EphemeralContent,
  sign: Sign,
): EphemeralPayload {
  const signature = sign(messageOf(header, said));
  const { length } = signedPartCodec.encode({ ...said, signature });
  return { ...said, signature, padding: new Uint8Array(paddingFor(length)) };
}

/** Whether the key of the leaf that is named signed just this. */
export function verifyEphemeral(
  header: EphemeralHeader,
  payload: EphemeralPayload,
  leafKey: Bytes,
  verify: Verify,
): boolean {
  return verify(leafKey, messageOf(header, payload), payload.signature);
}

function messageOf({ group, epoch, salt }: EphemeralHeader, said: EphemeralContent): Bytes {
  const { leaf, sentAt, mediaType } = said;
  return signedBytes(
    LABELS.ephemeralMessage,
    toBeSignedCodec.encode({
      group,
      epoch,
      salt,
      leaf,
      sentAt,
      mediaType,
      content: said.content,
    }),
  );
}

/** The least number of zeros that makes the whole, their own length included, a multiple. */
function paddingFor(length: number): number {
  let padding = 0;
  while ((length + varintLength(padding) + padding) % LIMITS.ephemeralPaddingBytes !== 0) {
    padding += 1;
  }
  return padding;
}
