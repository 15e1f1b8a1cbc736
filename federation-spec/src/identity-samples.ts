import type {
  Attestation,
  ClientList,
  DeviceSigningCertificate,
  LeafIdentity,
  SignedClientList,
} from "@treehouse/protocol";
import {
  clientListHash,
  countersignAttestation,
  countersignClientList,
  firstClientListPrevious,
  signAttestation,
  signCertificate,
  signClientList,
} from "@treehouse/protocol";
import { alice, alicesClient, alicesSecond, octets, time } from "./sample-values.ts";
import { signingKeys } from "./signing-keys.ts";

const YEAR = 365 * 24 * 3600 * 1000;
const period = { addedAt: time, expiresAt: time + YEAR };

export const certificate: DeviceSigningCertificate = signCertificate(
  {
    user: alice,
    identityKey: signingKeys.identity.publicKey,
    number: 1,
    deviceSigningKey: signingKeys.deviceSigning.publicKey,
    createdAt: time,
  },
  signingKeys.identity.sign,
);

export const attestation: Attestation = signAttestation(
  {
    client: alicesClient,
    signatureKey: signingKeys.client.publicKey,
    number: 1,
    ...period,
  },
  signingKeys.deviceSigning.sign,
);

export const leafIdentity: LeafIdentity = {
  certificate,
  attestation,
  countersignature: countersignAttestation(attestation, signingKeys.server.sign),
  countersigner: "2026-1",
};

export const firstList: ClientList = {
  user: alice,
  version: 1,
  previousHash: firstClientListPrevious,
  clients: [{ client: alicesClient, signatureKey: signingKeys.client.publicKey, ...period }],
};

export const secondList: ClientList = {
  user: alice,
  version: 2,
  previousHash: clientListHash(firstList),
  clients: [
    ...firstList.clients,
    { client: alicesSecond, signatureKey: octets(32, 0x77), ...period },
  ],
};

export const signedList: SignedClientList = signClientList(
  firstList,
  certificate,
  signingKeys.deviceSigning.sign,
);

export const countersignedList: SignedClientList = countersignClientList(
  signedList,
  "2026-1",
  signingKeys.server.sign,
);
