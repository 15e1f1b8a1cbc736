import { randomBytes } from "node:crypto";
import {
  countersignAttestation,
  countersignClientList,
  firstClientListPrevious,
  leafIdentityCodec,
  mintClientUri,
  signAttestation,
  signCertificate,
  signClientList,
  signKeyMaterialRequest,
  userUri,
  utf8Encode,
} from "@treehouse/protocol";
import type {
  Attestation,
  Bytes,
  ClientUri,
  DeviceSigningCertificate,
  Domain,
  KeyMaterialRequest,
  RoomUri,
  SignedClientList,
  UserUri,
} from "@treehouse/protocol";
import { signingKeyOf } from "../../signing-keys.ts";
import type { SigningKey } from "../../signing-keys.ts";
import type { MlsIdentity } from "../driver.ts";

/** Somebody with one client and all keys of it, before any server has vouched for them. */
export interface Person {
  readonly name: string;
  readonly user: UserUri;
  readonly client: ClientUri;
  /** The client's signature key. */
  readonly keys: SigningKey;
  readonly certificate: DeviceSigningCertificate;
  readonly attestation: Attestation;
  readonly clientList: SignedClientList;
}

const yearMs = 365 * 86_400_000;

export function random(length: number): Bytes {
  return new Uint8Array(randomBytes(length));
}

export function createPerson(domain: Domain, name: string): Person {
  const user = userUri(domain, name);
  const client = mintClientUri(user, random);
  const [identity, device, keys] = [newKey(), newKey(), newKey()];
  const now = Date.now();
  const period = { addedAt: now, expiresAt: now + yearMs };
  const certificate = signCertificate(
    {
      user,
      identityKey: identity.publicKey,
      number: 1,
      deviceSigningKey: device.publicKey,
      createdAt: now,
    },
    identity.sign,
  );
  const listed = { client, signatureKey: keys.publicKey, ...period };
  return {
    name,
    user,
    client,
    keys,
    certificate,
    attestation: signAttestation({ ...listed, number: 1 }, device.sign),
    clientList: signClientList(
      { user, version: 1, previousHash: firstClientListPrevious, clients: [listed] },
      certificate,
      device.sign,
    ),
  };
}

/** The person's client in MLS, once a server has countersigned the attestation. */
export function mlsIdentityOf(
  { client, keys, certificate, attestation }: Person,
  countersigned: { readonly countersignature: Bytes; readonly countersigner: string },
): MlsIdentity {
  return {
    client,
    signaturePrivateKey: keys.seed,
    signaturePublicKey: keys.publicKey,
    leafIdentity: leafIdentityCodec.encode({ certificate, attestation, ...countersigned }),
  };
}

/** What the person's server says when it vouches for the person. */
export function vouchFor(
  person: Person,
  server: SigningKey,
  countersigner: string,
): { readonly clientList: SignedClientList; readonly identity: MlsIdentity } {
  const countersignature = countersignAttestation(person.attestation, server.sign);
  return {
    clientList: countersignClientList(person.clientList, countersigner, server.sign),
    identity: mlsIdentityOf(person, { countersignature, countersigner }),
  };
}

/** A request for somebody's KeyPackages, signed by the person's client. */
export function keyMaterialRequest(
  { user, client, keys }: Person,
  target: UserUri,
  room: RoomUri | undefined,
): KeyMaterialRequest {
  return signKeyMaterialRequest(
    {
      requestingUser: user,
      targetUser: target,
      room,
      acceptableCiphersuites: [1],
      requiredCapabilities: { extensions: [], proposals: [], credentials: [] },
      requesterSignatureKey: keys.publicKey,
      requesterCredential: { identity: utf8Encode(client) },
    },
    keys.sign,
  );
}

export function newKey(): SigningKey {
  return signingKeyOf(random(32));
}
