/** Passwords that never come here (OPAQUE, RFC 9807): logins, proofs, tries that wait, and changes. */
export {
  finishCredentialChange,
  type PendingChange,
  proveCredential,
  startCredentialChange,
} from "./change-credential.ts";
export { checkCode, checkFactor } from "./check-factor.ts";
export {
  type FinishedLogin,
  finishFactor,
  finishLogin,
  type PendingFactor,
} from "./finish-login.ts";
export { createLoginTries, LOGIN_TRIES, type LoginTries } from "./login-tries.ts";
export { type OpaqueServer, openOpaque } from "./opaque.ts";
export {
  checkPasswordProof,
  type PendingPasswordProof,
  proofFailed,
  type StartedPasswordProof,
  startPasswordProof,
  takePasswordProof,
} from "./prove-password.ts";
export { checkBundle } from "./recovery-bundle.ts";
export { type PendingLogin, startLogin } from "./start-login.ts";
