import type { ClientIdentity } from "@treehouse/mls/member";
import {
  leafIdentityCodec,
  mintClientUri,
  parseDomain,
  signAttestation,
  signCertificate,
  userUri,
  type UserUri,
} from "@treehouse/protocol";

import { crypto, random } from "./people.ts";

export type OfflinePerson = { readonly user: UserUri; readonly identity: ClientIdentity };

const yearMs = 365 * 24 * 60 * 60 * 1000;

/** Members for groups that no server sees; the countersignature stays empty. */
export async function makeOffline(count: number, prefix = "m"): Promise<readonly OfflinePerson[]> {
  const now = Date.now();
  return Array.from({ length: count }, (_, index) => {
    const user = userUri(parseDomain("localhost"), `${prefix}${index}`);
    const client = mintClientUri(user, random);
    const identity = crypto.generateSignatureKeyPair();
    const device = crypto.generateSignatureKeyPair();
    const keys = crypto.generateSignatureKeyPair();
    const certificate = signCertificate(
      {
        user,
        identityKey: identity.publicKey,
        number: 1,
        deviceSigningKey: device.publicKey,
        createdAt: now,
      },
      (message) => crypto.sign(identity.privateKey, message),
    );
    const attestation = signAttestation(
      { client, signatureKey: keys.publicKey, number: 1, addedAt: now, expiresAt: now + yearMs },
      (message) => crypto.sign(device.privateKey, message),
    );
    const countersignature = new Uint8Array(0);
    return {
      user,
      identity: {
        client,
        signaturePrivateKey: keys.privateKey,
        signaturePublicKey: keys.publicKey,
        leafIdentity: leafIdentityCodec.encode({
          certificate,
          attestation,
          countersignature,
          countersigner: "",
        }),
      },
    };
  });
}
