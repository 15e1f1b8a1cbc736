import type { Bytes, Label, Sign } from "@treehouse/protocol";
import {
  certifyFederationKey,
  clientListCodec,
  clientListHash,
  countersignAttestation,
  countersignClientList,
  encodeSafeAad,
  entryHash,
  fromHex,
  labelledHash,
  LABELS,
  loginProofMessage,
  rosterCodec,
  rosterHash,
  signAttestation,
  signCertificate,
  signEphemeral,
  signClientList,
  signedBytes,
  signGroupInfoRequest,
  signGroupInfoResponse,
  signGenerationClaim,
  signHead,
  signHealthReport,
  signHubConsent,
  signKeyMaterialRequest,
  toHex,
} from "@treehouse/protocol";
import { entryVectors } from "./delivery-vectors.ts";
import { ephemeralContent, ephemeralHeader } from "./ephemeral-vectors.ts";
import { goneClaim, movedGroup, nextHub, returningContent } from "./generation-vectors.ts";
import { nextFederationKey } from "./directory-samples.ts";
import { attestation, certificate, firstList, signedList } from "./identity-samples.ts";
import {
  alice,
  alicesClient,
  bob,
  bobsClient,
  credential,
  head,
  healthReport,
  hubDomain,
  octets,
  room,
} from "./sample-values.ts";
import { signingKeys } from "./signing-keys.ts";
import type { SigningKeyName } from "./signing-keys.ts";

/** What is signed for one purpose, and the signature. */
export type SignatureVector = {
  readonly name: string;
  readonly key: SigningKeyName;
  readonly label: string;
  /** `signedBytes(label, content)`: the octets under the signature. */
  readonly message: string;
  readonly signature: string;
};

export type HashVector = {
  readonly name: string;
  readonly label: string;
  readonly content: string;
  readonly hash: string;
};

/** Runs an operation that signs once, and keeps what it signed. */
function signatureVector(
  name: string,
  key: SigningKeyName,
  label: Label,
  run: (sign: Sign) => unknown,
): SignatureVector {
  const signed: { message: Bytes; signature: Bytes }[] = [];
  run((message) => {
    const signature = signingKeys[key].sign(message);
    signed.push({ message, signature });
    return signature;
  });
  const [only, ...more] = signed;
  if (only === undefined || more.length > 0) throw new Error(`${name} signs once`);
  return {
    name,
    key,
    label,
    message: toHex(only.message),
    signature: toHex(only.signature),
  };
}

const loginProof = { server: hubDomain, loginId: "login-1", client: alicesClient };

export const signatureVectors: readonly SignatureVector[] = [
  signatureVector("head", "hub", LABELS.head, (sign) => signHead(head, sign)),
  signatureVector("certificate", "identity", LABELS.deviceSigningCertificate, (sign) =>
    signCertificate(certificate, sign),
  ),
  signatureVector("attestation", "deviceSigning", LABELS.attestation, (sign) =>
    signAttestation(attestation, sign),
  ),
  signatureVector(
    "countersigned attestation",
    "server",
    LABELS.attestationCountersignature,
    (sign) => countersignAttestation(attestation, sign),
  ),
  signatureVector("client list", "deviceSigning", LABELS.clientList, (sign) =>
    signClientList(firstList, certificate, sign),
  ),
  signatureVector(
    "countersigned client list",
    "server",
    LABELS.clientListCountersignature,
    (sign) => countersignClientList(signedList, "2026-1", sign),
  ),
  signatureVector("certificate of a federation key", "federation", LABELS.federationKey, (sign) =>
    certifyFederationKey(nextFederationKey, sign),
  ),
  signatureVector("health report", "client", LABELS.healthReport, (sign) =>
    signHealthReport(healthReport(1).report, sign),
  ),
  signatureVector("ephemeral message", "client", LABELS.ephemeralMessage, (sign) =>
    signEphemeral(ephemeralHeader, ephemeralContent, sign),
  ),
  signatureVector("endorsement of a generation", "client", LABELS.generationClaim, (sign) =>
    signGenerationClaim(goneClaim, alicesClient, sign),
  ),
  signatureVector("consent of the next hub", "hub", LABELS.hubConsent, (sign) =>
    signHubConsent(movedGroup, nextHub, 1_767_225_600_000, sign),
  ),
  signatureVector("login proof", "client", LABELS.loginProof, (sign) =>
    sign(loginProofMessage(loginProof)),
  ),
  signatureVector("request for KeyPackages", "client", LABELS.keyMaterialRequest, (sign) =>
    signKeyMaterialRequest(
      {
        requestingUser: alice,
        targetUser: bob,
        room,
        acceptableCiphersuites: [1],
        requiredCapabilities: { extensions: [6], proposals: [], credentials: [1] },
        requesterSignatureKey: signingKeys.client.publicKey,
        requesterCredential: credential,
      },
      sign,
    ),
  ),
  signatureVector("request for a GroupInfo", "client", LABELS.groupInfoRequest, (sign) =>
    signGroupInfoRequest(
      {
        ciphersuite: 1,
        requestingSignatureKey: signingKeys.client.publicKey,
        requestingCredential: credential,
        groupInfoPublicKey: octets(32),
        joiningCode: undefined,
      },
      room,
      sign,
    ),
  ),
  signatureVector("answer with a GroupInfo", "hub", LABELS.groupInfoResponse, (sign) =>
    signGroupInfoResponse(
      {
        status: "success",
        room,
        ciphersuite: 1,
        hubKey: signingKeys.hub.publicKey,
        hubCredential: credential,
        sealed: { kemOutput: octets(32), ciphertext: octets(70) },
      },
      sign,
    ),
  ),
];

const roster = [
  { leaf: 0, client: alicesClient },
  { leaf: 2, client: bobsClient },
];

export const hashVectors: readonly HashVector[] = [
  ...entryVectors
    .filter(({ struct }) => struct === "Entry")
    .map(({ name, hex }) => hashVector(name, LABELS.entryHash, hex, entryHash(fromHex(hex)))),
  hashVector(
    "user who may return",
    LABELS.returningUser,
    toHex(returningContent),
    labelledHash(LABELS.returningUser, returningContent),
  ),
  hashVector("empty roster", LABELS.rosterHash, "00", rosterHash([])),
  hashVector(
    "roster of two",
    LABELS.rosterHash,
    toHex(rosterCodec.encode(roster)),
    rosterHash(roster),
  ),
  hashVector(
    "client list",
    LABELS.clientListHash,
    toHex(clientListCodec.encode(firstList)),
    clientListHash(firstList),
  ),
];

/** Labelled octets, apart from any struct. */
export const signedBytesVectors = [
  { label: LABELS.head, content: "", bytes: toHex(signedBytes(LABELS.head, octets(0))) },
  {
    label: LABELS.entryHash,
    content: toHex(octets(64)),
    bytes: toHex(signedBytes(LABELS.entryHash, octets(64))),
  },
];

/** Whole authenticated_data values; a struct of its own is only our component. */
export const safeAadVectors = [
  {
    name: "a franking tag alone (MIMI)",
    hex: toHex(
      encodeSafeAad({
        treehouse: undefined,
        others: [{ component: 0x0020, data: octets(32) }],
      }),
    ),
  },
  {
    name: "a franking tag before our component",
    hex: toHex(
      encodeSafeAad({
        treehouse: { epoch: 7, forkTag: octets(16), lastPosition: 42 },
        others: [{ component: 0x0020, data: octets(32) }],
      }),
    ),
  },
];

function hashVector(name: string, label: Label, content: string, hash: Bytes): HashVector {
  return { name, label, content, hash: toHex(hash) };
}
