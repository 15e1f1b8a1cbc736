import { equalBytes } from "../bytes/index.ts";
import type { Bytes } from "../bytes/index.ts";
import { struct, utf8 } from "../codec/index.ts";
import type { Codec } from "../codec/index.ts";
import type { Verify } from "../delivery/index.ts";
import { userOfClient } from "../identifiers/index.ts";
import type { ClientUri } from "../identifiers/index.ts";
import { LIMITS } from "../limits.ts";
import { handshakeRules, Refusal } from "../refusals/index.ts";
import type { HandshakeRule } from "../refusals/index.ts";
import { attestationCodec, verifyAttestation } from "./attestation.ts";
import type { Attestation } from "./attestation.ts";
import { deviceSigningCertificateCodec, verifyCertificate } from "./certificate.ts";
import type { DeviceSigningCertificate } from "./certificate.ts";
import { countersignatureCodec } from "./client-list.ts";

/** Type of the leaf-node extension whose data is a LeafIdentity. */
export const LEAF_IDENTITY_EXTENSION = 0xf001;

/** Who stands behind a leaf: certified by its user's identity key, known to its homeserver. */
export type LeafIdentity = {
  readonly certificate: DeviceSigningCertificate;
  readonly attestation: Attestation;
  /** By the user's homeserver over the attestation. */
  readonly countersignature: Bytes;
  /** Id of the server key. */
  readonly countersigner: string;
};

export const leafIdentityCodec: Codec<LeafIdentity> = struct<LeafIdentity>({
  certificate: deviceSigningCertificateCodec,
  attestation: attestationCodec,
  countersignature: countersignatureCodec,
  countersigner: utf8({ max: LIMITS.keyIdBytesMax }),
});

/**
 * Refuses with "identityInvalid" a leaf whose identity does not bear out its credential and
 * signature key at that time. It is a pure function of its input, the same for hub, followers and
 * clients; `at` is the hub's acceptance time. The countersignature is not looked at: servers' keys
 * change, and check it before acceptance only (`verifyAttestationCountersignature`).
 */
export function checkLeafIdentity(
  identity: LeafIdentity,
  leaf: {
    readonly client: ClientUri;
    readonly signatureKey: Bytes;
    readonly at: number;
    readonly verify: Verify;
  },
): void {
  const { certificate, attestation } = identity;
  const { client, signatureKey, at, verify } = leaf;
  if (attestation.client !== client) throw invalid("identityClient");
  if (certificate.user !== userOfClient(client)) throw invalid("identityUser");
  if (attestation.number !== certificate.number) throw invalid("identityNumbers");
  if (!equalBytes(attestation.signatureKey, signatureKey)) throw invalid("identityKey");
  if (at + LIMITS.clockSkewMs < attestation.addedAt) throw invalid("identityEarly");
  if (at >= attestation.expiresAt) throw invalid("identityExpired");
  if (!verifyCertificate(certificate, verify)) throw invalid("identityCertificate");
  if (!verifyAttestation(attestation, certificate.deviceSigningKey, verify)) {
    throw invalid("identityAttestation");
  }
}

function invalid(rule: HandshakeRule): Refusal {
  const { says } = handshakeRules[rule];
  return new Refusal("identityInvalid", `This does not hold: ${says}`, { rule });
}
