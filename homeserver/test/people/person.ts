import { createNodeCrypto } from "@treehouse/mls/crypto/node";
import { createKeyPackage } from "@treehouse/mls/member";
import {
  attestationCodec,
  deviceSigningCertificateCodec,
  firstClientListPrevious,
  leafIdentityCodec,
  mintClientUri,
  parseDomain,
  signAttestation,
  signCertificate,
  signClientList,
  signedClientListCodec,
  userUri,
} from "@treehouse/protocol";
import type { Bytes, ClientUri, UserUri } from "@treehouse/protocol";
import type { Enrolled } from "../../src/authentication/index.ts";
import { createNodeEnv } from "../../src/platform/index.ts";

const env = createNodeEnv({ log: { level: "silent" } });

export const testCrypto = createNodeCrypto({ random: (length) => env.random(length) });

export type KeyPair = { readonly privateKey: Bytes; readonly publicKey: Bytes };

/** Somebody with keys of her own and one client, as a client program would make them. */
export type Person = {
  readonly name: string;
  readonly user: UserUri;
  readonly client: ClientUri;
  readonly identityKeys: KeyPair;
  readonly deviceSigningKeys: KeyPair;
  readonly clientKeys: KeyPair;
  /** The three parts of a first identity, encoded. */
  readonly certificate: Bytes;
  readonly clientList: Bytes;
  readonly attestation: Bytes;
};

/** What a test makes wrong on purpose; everything else is signed as it should be. */
export type Deviation = Partial<{
  domain: string;
  now: number;
  version: number;
  previousHash: Bytes;
  /** Signs what the device-signing key should sign. */
  deviceSigner: KeyPair;
  /** Signs the client list alone. */
  listSigner: KeyPair;
  identitySigner: KeyPair;
  attestedKey: Bytes;
  attestedExpiry: number;
  expiresAt: number;
  clientCount: number;
  clientUser: UserUri;
  /** Another identity for a client that exists already. */
  client: ClientUri;
  clientKeys: KeyPair;
}>;

const DAY = 86_400_000;

export function createPerson(name: string, deviation: Deviation = {}): Person {
  const random = (length: number) => env.random(length);
  const sign = (keys: KeyPair) => (message: Uint8Array) =>
    testCrypto.sign(keys.privateKey, message);
  const now = deviation.now ?? env.now();
  const user = userUri(parseDomain(deviation.domain ?? "example.org"), name);
  const identityKeys = testCrypto.generateSignatureKeyPair();
  const deviceSigningKeys = testCrypto.generateSignatureKeyPair();
  const clientKeys = deviation.clientKeys ?? testCrypto.generateSignatureKeyPair();
  const signDevice = sign(deviation.deviceSigner ?? deviceSigningKeys);

  const certificate = signCertificate(
    {
      user,
      identityKey: identityKeys.publicKey,
      number: 1,
      deviceSigningKey: deviceSigningKeys.publicKey,
      createdAt: now,
    },
    sign(deviation.identitySigner ?? identityKeys),
  );
  const expiresAt = deviation.expiresAt ?? now + 365 * DAY;
  const clients = Array.from({ length: deviation.clientCount ?? 1 }, () => ({
    client: deviation.client ?? mintClientUri(deviation.clientUser ?? user, random),
    signatureKey: clientKeys.publicKey,
    addedAt: now,
    expiresAt,
  })).toSorted((a, b) => (a.client < b.client ? -1 : 1));
  const client = clients[0]?.client ?? mintClientUri(user, random);
  const signedList = signClientList(
    {
      user,
      version: deviation.version ?? 1,
      previousHash: deviation.previousHash ?? firstClientListPrevious,
      clients,
    },
    certificate,
    deviation.listSigner ? sign(deviation.listSigner) : signDevice,
  );
  const attestation = signAttestation(
    {
      client,
      signatureKey: deviation.attestedKey ?? clientKeys.publicKey,
      number: 1,
      addedAt: now,
      expiresAt: deviation.attestedExpiry ?? expiresAt,
    },
    signDevice,
  );
  return {
    name,
    user,
    client,
    identityKeys,
    deviceSigningKeys,
    clientKeys,
    certificate: deviceSigningCertificateCodec.encode(certificate),
    clientList: signedClientListCodec.encode(signedList),
    attestation: attestationCodec.encode(attestation),
  };
}

/** The identity that a person's leaves carry once the server has vouched for it. */
export function leafIdentityOf(
  person: Person,
  enrolled: Pick<Enrolled, "attestationCountersignature" | "countersigner">,
): Bytes {
  return leafIdentityCodec.encode({
    certificate: deviceSigningCertificateCodec.decode(person.certificate),
    attestation: attestationCodec.decode(person.attestation),
    countersignature: enrolled.attestationCountersignature,
    countersigner: enrolled.countersigner,
  });
}

export async function makeKeyPackage(
  person: Person,
  leafIdentity: Bytes,
  options: {
    readonly lastResort?: boolean;
    readonly lifetimeMs?: number;
    readonly now?: number;
    readonly rulesKnown?: number;
  },
): Promise<{ readonly keyPackage: Bytes; readonly ref: Bytes }> {
  const { keyPackage, ref } = await createKeyPackage(
    {
      crypto: testCrypto,
      now: () => options.now ?? env.now(),
      ...(options.rulesKnown === undefined ? {} : { rulesKnown: options.rulesKnown }),
    },
    {
      client: person.client,
      signaturePrivateKey: person.clientKeys.privateKey,
      signaturePublicKey: person.clientKeys.publicKey,
      leafIdentity,
    },
    { lifetimeMs: options.lifetimeMs ?? 30 * DAY, lastResort: options.lastResort ?? false },
  );
  return { keyPackage, ref };
}
