import {
  attestationCodec,
  checkClientList,
  checkLeafIdentity,
  deviceSigningCertificateCodec,
  equalBytes,
  Refusal,
  signedClientListCodec,
} from "@treehouse/protocol";
import type {
  Attestation,
  Bytes,
  ListedClient,
  SignedClientList,
  UserUri,
  Verify,
} from "@treehouse/protocol";

/** What a new user says of herself and her first client, encoded. */
export type ClaimedIdentity = {
  /** `DeviceSigningCertificate`. */
  readonly certificate: Bytes;
  /** `SignedClientList`, not countersigned. */
  readonly clientList: Bytes;
  /** `Attestation` of the one client of the list. */
  readonly attestation: Bytes;
};

/** The same after every signature was found good; only `checkIdentity` makes one. */
export type CheckedIdentity = {
  readonly signedList: SignedClientList;
  readonly attestation: Attestation;
};

/**
 * Checks that a first identity is whole: the identity key certifies the device-signing key, which
 * signs version 1 of the client list, and that lists exactly the one client that is attested. What
 * the user did not sign never enters a list (T-09).
 *
 * Refuses `malformed` and `identityInvalid`.
 */
export function checkIdentity(
  claimed: ClaimedIdentity,
  checks: { readonly user: UserUri; readonly at: number; readonly verify: Verify },
): CheckedIdentity {
  const { user, at, verify } = checks;
  const certificate = deviceSigningCertificateCodec.decode(claimed.certificate);
  const signedList = signedClientListCodec.decode(claimed.clientList);
  const attestation = attestationCodec.decode(claimed.attestation);

  const { list } = signedList;
  if (list.user !== user) throw invalid("the client list is another user's");
  if (list.version !== 1) throw invalid("a first client list has version 1");
  const listedCertificate = deviceSigningCertificateCodec.encode(signedList.certificate);
  if (!equalBytes(listedCertificate, claimed.certificate)) {
    throw invalid("the client list carries another certificate");
  }
  checkClientList(signedList, { verify });

  const [listed, ...more] = list.clients;
  if (!listed || more.length > 0) throw invalid("a first client list has exactly one client");
  if (!attests(attestation, listed)) throw invalid("the attestation differs from the client list");
  const leaf = { client: listed.client, signatureKey: listed.signatureKey, at, verify };
  const countersignature = new Uint8Array(0);
  checkLeafIdentity({ certificate, attestation, countersignature, countersigner: "" }, leaf);
  return { signedList, attestation };
}

function attests(attestation: Attestation, listed: ListedClient): boolean {
  return (
    attestation.client === listed.client &&
    equalBytes(attestation.signatureKey, listed.signatureKey) &&
    attestation.addedAt === listed.addedAt &&
    attestation.expiresAt === listed.expiresAt
  );
}

function invalid(what: string): Refusal {
  return new Refusal("identityInvalid", what);
}
