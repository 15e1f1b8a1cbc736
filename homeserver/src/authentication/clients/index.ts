/** The clients of a user: signed lists, what is vouched for, and proofs of a client's own key. */
export { type CheckedIdentity, checkIdentity, type ClaimedIdentity } from "./check-identity.ts";
export { checkProof, type PendingProof } from "./check-proof.ts";
export { clientRoutes } from "./client-routes.ts";
export { countersign } from "./countersign.ts";
export {
  type CountersignatureKey,
  openCountersignatureKey,
  type Signatures,
  verifier,
} from "./countersignature-key.ts";
export type { ProvedForClients } from "./prove-for-clients.ts";
