/** What an operator asks of a server. */
export type { FederationAdmin, FederationOverview, RuleNote } from "./admin-federation.ts";
export { type Admin, createAdmin, type Invite } from "./admin.ts";
