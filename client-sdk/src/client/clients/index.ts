/** A user's clients: how they are added, shown and revoked, their sessions, and what opens the account without them. */
export { type ApprovalRequest, type Approvals, approving } from "./approvals.ts";
export { type ClientInfo, type ClientProof, createOwnClients, type OwnClients } from "./clients.ts";
export {
  type ClientFactors,
  createFactors,
  type FactorProof,
  type FactorsInfo,
  type PasskeyInfo,
} from "./factors.ts";
export {
  type ClientRecovery,
  createClientRecovery,
  type FactorAnswer,
  type RecoveryProof,
} from "./recovery.ts";
export { type ClientSessions, createSessions, type SessionInfo } from "./sessions.ts";
