import type { Bytes } from "../bytes/index.ts";
import { fixed, struct, u32, u64 } from "../codec/index.ts";
import type { Codec } from "../codec/index.ts";
import { signatureCodec } from "../delivery/index.ts";
import type { Sign, Verify } from "../delivery/index.ts";
import { clientUriCodec } from "../identifiers/index.ts";
import type { ClientUri } from "../identifiers/index.ts";
import { LABELS, signedBytes } from "../labels/index.ts";

export type UnsignedAttestation = {
  readonly client: ClientUri;
  /** The Ed25519 key in the client's MLS leaves. */
  readonly signatureKey: Bytes;
  /** Number of the device-signing key that signs. */
  readonly number: number;
  readonly addedAt: number;
  readonly expiresAt: number;
};

/** A device-signing key says which key one of the user's clients signs with. */
export type Attestation = UnsignedAttestation & { readonly signature: Bytes };

const unsignedFields = {
  client: clientUriCodec,
  signatureKey: fixed(32),
  number: u32,
  addedAt: u64,
  expiresAt: u64,
};

const unsignedCodec: Codec<UnsignedAttestation> = struct<UnsignedAttestation>(unsignedFields);

export const attestationCodec: Codec<Attestation> = struct<Attestation>({
  ...unsignedFields,
  signature: signatureCodec,
});

/** Signs with the user's device-signing key. */
export function signAttestation(attestation: UnsignedAttestation, sign: Sign): Attestation {
  const message = signedBytes(LABELS.attestation, unsignedCodec.encode(attestation));
  return { ...attestation, signature: sign(message) };
}

export function verifyAttestation(
  attestation: Attestation,
  deviceSigningKey: Bytes,
  verify: Verify,
): boolean {
  const message = signedBytes(LABELS.attestation, unsignedCodec.encode(attestation));
  return verify(deviceSigningKey, message, attestation.signature);
}

/** The server's signature over a whole attestation: it knows this client. */
export function countersignAttestation(attestation: Attestation, sign: Sign): Bytes {
  return sign(countersignedMessage(attestation));
}

export function verifyAttestationCountersignature(
  attestation: Attestation,
  countersignature: Bytes,
  serverKey: Bytes,
  verify: Verify,
): boolean {
  return verify(serverKey, countersignedMessage(attestation), countersignature);
}

function countersignedMessage(attestation: Attestation): Bytes {
  return signedBytes(LABELS.attestationCountersignature, attestationCodec.encode(attestation));
}
