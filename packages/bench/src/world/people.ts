import { createNodeCrypto } from "@treehouse/mls/crypto/node";
import type { ClientIdentity } from "@treehouse/mls/member";
import {
  attestationCodec,
  deviceSigningCertificateCodec,
  firstClientListPrevious,
  fromBase64Url,
  leafIdentityCodec,
  mintClientUri,
  parseDomain,
  signAttestation,
  signCertificate,
  signClientList,
  signedClientListCodec,
  toBase64Url,
  userUri,
  type UserUri,
} from "@treehouse/protocol";
import { randomBytes } from "node:crypto";

import type { ServerProcess } from "./server-process.ts";

export const random = (length: number): Uint8Array<ArrayBuffer> =>
  new Uint8Array(randomBytes(length));
export const crypto: ReturnType<typeof createNodeCrypto> = createNodeCrypto({ random });

/** A user with one client and a session. */
export type Person = {
  readonly user: UserUri;
  readonly token: string;
  readonly identity: ClientIdentity;
};

const yearMs = 365 * 24 * 60 * 60 * 1000;

/** Makes so many accounts; names start with `prefix`. */
export async function createPeople(
  server: ServerProcess,
  prefix: string,
  count: number,
  domain = "localhost",
): Promise<readonly Person[]> {
  const made = Array.from({ length: count }, (_, index) => makeKeys(`${prefix}${index}`, domain));
  const answer = await server.ask(
    { kind: "enrol", people: made.map(({ enrolment }) => enrolment) },
    "enrolled",
  );
  return made.map(({ user, client, keys, certificate, attestation }, index) => {
    const enrolled = answer.people[index];
    if (enrolled === undefined) throw new Error("fewer accounts than asked for");
    const leafIdentity = leafIdentityCodec.encode({
      certificate,
      attestation,
      countersignature: fromBase64Url(enrolled.countersignature),
      countersigner: enrolled.countersigner,
    });
    return {
      user,
      token: enrolled.token,
      identity: {
        client,
        signaturePrivateKey: keys.privateKey,
        signaturePublicKey: keys.publicKey,
        leafIdentity,
      },
    };
  });
}

/** Somebody with keys of their own, whom no server knows yet. */
export function makeKeys(name: string, domain: string) {
  const user = userUri(parseDomain(domain), name);
  const client = mintClientUri(user, random);
  const [identity, device, keys] = [0, 1, 2].map(() => crypto.generateSignatureKeyPair());
  if (identity === undefined || device === undefined || keys === undefined) throw new Error("keys");
  const now = Date.now();
  const validity = { addedAt: now, expiresAt: now + yearMs };
  const byDevice = (message: Uint8Array) => crypto.sign(device.privateKey, message);
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
  const listed = { client, signatureKey: keys.publicKey, ...validity };
  const attestation = signAttestation({ ...listed, number: 1 }, byDevice);
  const list = { user, version: 1, previousHash: firstClientListPrevious, clients: [listed] };
  return {
    user,
    client,
    keys,
    certificate,
    attestation,
    enrolment: {
      name,
      certificate: toBase64Url(deviceSigningCertificateCodec.encode(certificate)),
      clientList: toBase64Url(
        signedClientListCodec.encode(signClientList(list, certificate, byDevice)),
      ),
      attestation: toBase64Url(attestationCodec.encode(attestation)),
    },
  };
}
