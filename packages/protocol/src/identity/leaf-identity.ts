import { equalBytes } from "../bytes/index.ts";
import type { Bytes } from "../bytes/index.ts";
import { struct, utf8 } from "../codec/index.ts";
import type { Codec } from "../codec/index.ts";
import type { Verify } from "../delivery/index.ts";
import { userOfClient } from "../identifiers/index.ts";
import type { ClientUri } from "../identifiers/index.ts";
import { LIMITS } from "../limits.ts";
import { Refusal } from "../refusals/index.ts";
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
  if (attestation.client !== client) throw invalid("the attestation is another client's");
  if (certificate.user !== userOfClient(client)) throw invalid("the certificate is another user's");
  if (attestation.number !== certificate.number) throw invalid("the numbers differ");
  if (!equalBytes(attestation.signatureKey, signatureKey)) throw invalid("another signature key");
  if (at + LIMITS.clockSkewMs < attestation.addedAt) throw invalid("not valid yet");
  if (at >= attestation.expiresAt) throw invalid("expired");
  if (!verifyCertificate(certificate, verify)) throw invalid("the certificate's signature");
  if (!verifyAttestation(attestation, certificate.deviceSigningKey, verify)) {
    throw invalid("the attestation's signature");
  }
}

function invalid(what: string): Refusal {
  return new Refusal("identityInvalid", `the leaf's identity: ${what}`);
}
