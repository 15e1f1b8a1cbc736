export {
  attestationCodec,
  countersignAttestation,
  signAttestation,
  verifyAttestation,
  verifyAttestationCountersignature,
} from "./attestation.ts";
export type { Attestation, UnsignedAttestation } from "./attestation.ts";
export {
  deviceSigningCertificateCodec,
  signCertificate,
  verifyCertificate,
} from "./certificate.ts";
export type { DeviceSigningCertificate, UnsignedCertificate } from "./certificate.ts";
export {
  checkClientList,
  clientListCodec,
  clientListHash,
  countersignClientList,
  firstClientListPrevious,
  signClientList,
  signedClientListCodec,
  verifyClientListCountersignature,
} from "./client-list.ts";
export type { ClientList, ListedClient, SignedClientList } from "./client-list.ts";
export { RULES_KNOWN_EXTENSION, rulesKnownCodec } from "./rules-known.ts";
export { checkLeafIdentity, LEAF_IDENTITY_EXTENSION, leafIdentityCodec } from "./leaf-identity.ts";
export type { LeafIdentity } from "./leaf-identity.ts";
export { checkLeavesOfUser } from "./leaves-of-user.ts";
export type { LeafOfUser } from "./leaves-of-user.ts";
export { loginProofMessage } from "./login-proof.ts";
export type { LoginProof } from "./login-proof.ts";
export { passwordResetMessage, recoveryProofMessage } from "./recovery-proof.ts";
export type { PasswordReset, RecoveryProof } from "./recovery-proof.ts";
export { PROOF_HEADER, requestProofMessage } from "./request-proof.ts";
export type { RequestProof } from "./request-proof.ts";
export { compareSafetyNumber, contactSafetyNumber, groupSafetyNumber } from "./safety-number.ts";
export type {
  GroupState,
  IdentityOfUser,
  SafetyComparison,
  SafetyNumber,
} from "./safety-number.ts";
export { readVouchedClientList } from "./vouched-client-list.ts";
