import type { Bytes } from "../bytes/index.ts";
import { checked, fixed, struct, u32, u64 } from "../codec/index.ts";
import type { Codec } from "../codec/index.ts";
import { signatureCodec } from "../delivery/index.ts";
import type { Sign, Verify } from "../delivery/index.ts";
import { userUriCodec } from "../identifiers/index.ts";
import type { UserUri } from "../identifiers/index.ts";
import { LABELS, signedBytes } from "../labels/index.ts";

export type UnsignedCertificate = {
  readonly user: UserUri;
  /** Ed25519; what contacts pin. */
  readonly identityKey: Bytes;
  /** Counts the user's device-signing keys from 1. */
  readonly number: number;
  readonly deviceSigningKey: Bytes;
  readonly createdAt: number;
};

/** The user identity key says which device-signing key is the user's. */
export type DeviceSigningCertificate = UnsignedCertificate & { readonly signature: Bytes };

const unsignedFields = {
  user: userUriCodec,
  identityKey: fixed(32),
  /** FED-301. */
  number: checked(u32, (number) => (number === 0 ? "a key without number" : undefined)),
  deviceSigningKey: fixed(32),
  createdAt: u64,
};

const unsignedCodec: Codec<UnsignedCertificate> = struct<UnsignedCertificate>(unsignedFields);

export const deviceSigningCertificateCodec: Codec<DeviceSigningCertificate> =
  struct<DeviceSigningCertificate>({ ...unsignedFields, signature: signatureCodec });

/** Signs with the user identity key. */
export function signCertificate(
  certificate: UnsignedCertificate,
  sign: Sign,
): DeviceSigningCertificate {
  return { ...certificate, signature: sign(messageOf(certificate)) };
}

/** Whether the identity key inside signed the certificate; whether it is pinned is asked apart. */
export function verifyCertificate(certificate: DeviceSigningCertificate, verify: Verify): boolean {
  return verify(certificate.identityKey, messageOf(certificate), certificate.signature);
}

function messageOf(certificate: UnsignedCertificate): Bytes {
  return signedBytes(LABELS.deviceSigningCertificate, unsignedCodec.encode(certificate));
}
