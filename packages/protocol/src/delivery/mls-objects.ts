import type { Bytes } from "../bytes/index.ts";
import { codec, fixed, malformed, opaque, struct, u16, vector } from "../codec/index.ts";
import type { Codec } from "../codec/index.ts";
import { LIMITS } from "../limits.ts";

/** First octet of requests and responses of the delivery path: mls10. */
export const PROTOCOL = 1;

/** A PublicMessage or, in an upload, a proposal: `bytes<V>` holding exactly one MLSMessage. */
export const handshakeCodec: Codec<Bytes> = opaque({ max: LIMITS.handshakeBytesMax, min: 1 });
/** `bytes<V>` holding exactly one Welcome, not wrapped in an MLSMessage. */
export const welcomeCodec: Codec<Bytes> = opaque({ max: LIMITS.welcomeBytesMax, min: 1 });
/** `bytes<V>` holding exactly one GroupInfo that has no ratchet_tree, not wrapped. */
export const groupInfoCodec: Codec<Bytes> = opaque({ max: LIMITS.groupInfoBytesMax, min: 1 });
/** `bytes<V>` holding exactly one KeyPackage, not wrapped. */
export const keyPackageCodec: Codec<Bytes> = opaque({ max: LIMITS.keyPackageBytesMax, min: 1 });
/** `bytes<V>` holding the content of a ratchet_tree extension. */
export const ratchetTreeCodec: Codec<Bytes> = opaque({ max: LIMITS.ratchetTreeBytesMax, min: 1 });

/** A SHA-256 hash, without a length. */
export const hashCodec: Codec<Bytes> = fixed(32);
/** A hash of the group's own suite, with a length. */
export const suiteHashCodec: Codec<Bytes> = opaque({ max: 64, min: 32 });
/** An Ed25519 signature, with a length. */
export const signatureCodec: Codec<Bytes> = opaque({ max: 64, min: 64 });
/** An Ed25519 public key, with a length. */
export const signatureKeyCodec: Codec<Bytes> = opaque({ max: 32, min: 32 });
/** Sixteen octets that change when a server is restored from a backup. */
export const incarnationCodec: Codec<Bytes> = fixed(16);

/** Credential of RFC 9420 §5.3; only the basic type occurs. */
export type Credential = { readonly identity: Bytes };

const BASIC = 1;
const identityCodec = opaque({ max: LIMITS.credentialBytesMax });

export const credentialCodec: Codec<Credential> = codec(
  (writer, { identity }) => {
    writer.u16(BASIC);
    identityCodec.write(writer, identity);
  },
  (reader) => {
    if (reader.u16() !== BASIC) throw malformed("a credential that is not basic");
    return { identity: identityCodec.read(reader) };
  },
);

const numbersCodec = vector(u16, { countMax: LIMITS.capabilitiesMax });

/** RequiredCapabilities of RFC 9420 §11.1. */
export type RequiredCapabilities = {
  readonly extensions: readonly number[];
  readonly proposals: readonly number[];
  readonly credentials: readonly number[];
};

export const requiredCapabilitiesCodec: Codec<RequiredCapabilities> = struct({
  extensions: numbersCodec,
  proposals: numbersCodec,
  credentials: numbersCodec,
});

/** Capabilities of RFC 9420 §7.2. */
export type Capabilities = RequiredCapabilities & {
  readonly versions: readonly number[];
  readonly ciphersuites: readonly number[];
};

export const capabilitiesCodec: Codec<Capabilities> = struct({
  versions: numbersCodec,
  ciphersuites: numbersCodec,
  extensions: numbersCodec,
  proposals: numbersCodec,
  credentials: numbersCodec,
});
