import type { MemberContext } from "@treehouse/mls/member";
import {
  attestationCodec,
  type Bytes,
  type ClientUri,
  deviceSigningCertificateCodec,
  firstClientListPrevious,
  LABELS,
  mintClientUri,
  signAttestation,
  signedBytes,
  signCertificate,
  signClientList,
  signedClientListCodec,
  u32,
  type UserUri,
} from "@treehouse/protocol";

type Crypto = MemberContext["crypto"];

/** Keys of a new account with its first client, and what they sign, ready for registration. */
export type NewIdentity = {
  readonly client: ClientUri;
  readonly identityPrivateKey: Bytes;
  readonly deviceSigningPrivateKey: Bytes;
  readonly signaturePrivateKey: Bytes;
  readonly signaturePublicKey: Bytes;
  readonly certificate: Bytes;
  readonly attestation: Bytes;
  readonly clientList: Bytes;
};

/**
 * The user's device-signing key of a number. Whoever can open the recovery bundle derives it, so
 * that a new client needs no other one's help; from one of them neither the identity key nor that of
 * another number follows (decision 0020).
 */
export function deviceSigningKey(
  crypto: Crypto,
  identityPrivateKey: Bytes,
  number: number,
): { readonly privateKey: Bytes; readonly publicKey: Bytes } {
  const extracted = crypto.hkdfExtract(new Uint8Array(), identityPrivateKey);
  const info = signedBytes(LABELS.deviceSigningKey, u32.encode(number));
  const privateKey = crypto.hkdfExpand(extracted, info, 32);
  return { privateKey, publicKey: crypto.ed25519PublicKey(privateKey) };
}

/** An attestation is renewed long before; a client that was away for a year starts anew. */
export const attestationLifetimeMs = 365 * 24 * 60 * 60 * 1000;

/**
 * The identity key certifies device-signing key number 1, which attests the client and signs
 * version 1 of the client list (architecture §4).
 */
export function createIdentity(crypto: Crypto, user: UserUri, now: number): NewIdentity {
  const identity = crypto.generateSignatureKeyPair();
  const device = deviceSigningKey(crypto, identity.privateKey, 1);
  const own = crypto.generateSignatureKeyPair();
  const client = mintClientUri(user, (length) => crypto.random(length));
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
  const validity = { addedAt: now, expiresAt: now + attestationLifetimeMs };
  const signByDevice = (message: Uint8Array) => crypto.sign(device.privateKey, message);
  const attestation = signAttestation(
    { client, signatureKey: own.publicKey, number: 1, ...validity },
    signByDevice,
  );
  const clientList = signClientList(
    {
      user,
      version: 1,
      previousHash: firstClientListPrevious,
      clients: [{ client, signatureKey: own.publicKey, ...validity }],
    },
    certificate,
    signByDevice,
  );
  return {
    client,
    identityPrivateKey: identity.privateKey,
    deviceSigningPrivateKey: device.privateKey,
    signaturePrivateKey: own.privateKey,
    signaturePublicKey: own.publicKey,
    certificate: deviceSigningCertificateCodec.encode(certificate),
    attestation: attestationCodec.encode(attestation),
    clientList: signedClientListCodec.encode(clientList),
  };
}
