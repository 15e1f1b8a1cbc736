/** The sealed bundle with which a user comes back without a password. */
export type { PendingRecovery } from "./prove.ts";
export type { PendingPasswordReset } from "./reset-password.ts";
export { recoveryRoutes } from "./routes.ts";
export { createRecoveryStore } from "./store.sqlite.ts";
export type { RecoveryStore } from "./store.ts";
