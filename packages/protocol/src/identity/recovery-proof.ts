import type { Bytes } from "../bytes/index.ts";
import { opaque, struct, utf8 } from "../codec/index.ts";
import { clientUriCodec, domainCodec } from "../identifiers/index.ts";
import type { ClientUri, Domain } from "../identifiers/index.ts";
import { LABELS, signedBytes } from "../labels/index.ts";
import { LIMITS } from "../limits.ts";

export type RecoveryProof = {
  readonly server: Domain;
  readonly challenge: string;
  /** The client that acts with the recovery key. */
  readonly client: ClientUri;
};

const proof = {
  server: domainCodec,
  challenge: utf8({ max: LIMITS.descriptionBytesMax }),
  client: clientUriCodec,
};
const recoveryProofCodec = struct<RecoveryProof>(proof);

/** What the recovery key's own key pair signs in the place of a password. */
export function recoveryProofMessage(proved: RecoveryProof): Bytes {
  return signedBytes(LABELS.recoveryProof, recoveryProofCodec.encode(proved));
}

/** A new password, with all that changes by it: nobody on the way can put in something else. */
export type PasswordReset = RecoveryProof & {
  /** OPAQUE's, of the new password. */
  readonly registrationRecord: Bytes;
  /** Sealed under the new password. */
  readonly recoveryBundle: Bytes;
};

const passwordResetCodec = struct<PasswordReset>({
  ...proof,
  registrationRecord: opaque({ max: LIMITS.opaqueMessageBytesMax }),
  recoveryBundle: opaque({ max: LIMITS.recoveryBundleBytesMax }),
});

/** What the recovery key's own key pair signs to set a password without the old one. */
export function passwordResetMessage(reset: PasswordReset): Bytes {
  return signedBytes(LABELS.passwordReset, passwordResetCodec.encode(reset));
}
