/** Whom each user lets in, over servers (specification, page on consent). */
export {
  forgetUser,
  hearClientRevoked,
  hearConsent,
  type Heard,
  hearUserDeleted,
} from "./hear-peer.ts";
export { type ContactLimits, createContactLimits } from "./limits.ts";
export { type ConsentVerdict, mayClaim } from "./may-claim.ts";
export { contactRoutes } from "./routes.ts";
export { createContactStore } from "./store.sqlite.ts";
export type { ContactStore } from "./store.ts";
