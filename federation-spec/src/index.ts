export type { CertificateVector, DirectoryVectors } from "./directory-vectors.ts";
export type { Ed25519Vector } from "./ed25519-vectors.ts";
export type {
  HttpSignatureVectors,
  RefusedRequestVector,
  SignedRequestVector,
} from "./http-signature-vectors.ts";
export { jsonValue } from "./json-value.ts";
export type { JsonValue } from "./json-value.ts";
export {
  loadDirectoryVectors,
  loadHttpSignatureVectors,
  loadProofVectors,
  loadVectors,
  readVectorFile,
} from "./load-vectors.ts";
export type { ProofVectors, VectorFamily } from "./load-vectors.ts";
export type { HashVector, SignatureVector } from "./proof-vectors.ts";
export type { Rejection } from "./rejection-vectors.ts";
export { verifySignature } from "./signing-keys.ts";
export type { SigningKeyName } from "./signing-keys.ts";
export { structs } from "./structs.ts";
export type { StructName } from "./structs.ts";
export type { Vector } from "./vector-of.ts";
