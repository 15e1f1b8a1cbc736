import {
  attestationCodec,
  type Bytes,
  checkLeafIdentity,
  deviceSigningCertificateCodec,
  equalBytes,
  leafIdentityCodec,
  Refusal,
} from "@treehouse/protocol";

import type { AccountContext } from "./context.ts";
import type { StoredAccount } from "./stored-account.ts";

/**
 * The account with the leaf identity that the server holds of this client. A server may vouch for
 * what the user made, and put nothing else into its leaves: the one that was known, or one under a
 * later device-signing key, with which the user attests a client anew after another was revoked.
 * Refuses `identityInvalid`.
 */
export function withLeafIdentity(
  { api, crypto, env }: Pick<AccountContext, "api" | "crypto" | "env">,
  account: StoredAccount,
  leafIdentity: Bytes,
): StoredAccount {
  const leaf = leafIdentityCodec.decode(leafIdentity);
  const known = deviceSigningCertificateCodec.decode(account.certificate);
  const certificate = deviceSigningCertificateCodec.encode(leaf.certificate);
  const attestation = attestationCodec.encode(leaf.attestation);
  const isSame =
    equalBytes(attestation, account.attestation) && equalBytes(certificate, account.certificate);
  const isLater =
    leaf.certificate.number > known.number &&
    equalBytes(leaf.certificate.identityKey, known.identityKey);
  if (!isSame && !isLater) {
    throw new Refusal("identityInvalid", "the server holds another identity of this client");
  }
  // What is known may be over; that is told where it is used.
  const at = Math.min(env.now(), leaf.attestation.expiresAt - 1);
  const { client, signaturePublicKey: signatureKey } = account;
  checkLeafIdentity(leaf, {
    client,
    signatureKey,
    at,
    verify: (key, message, signature) => crypto.verify(key, message, signature),
  });
  // Who answers with it is the account's own server: the next opening looks for it there.
  return { ...account, server: api.server, certificate, attestation, leafIdentity };
}
