/** The way back for who lost everything but an e-mail address. */
export { RESET_LIMITS, resetRates } from "./limits.ts";
export { resetRoutes } from "./routes.ts";
export type { PendingReset } from "./start.ts";
export { createResetStore } from "./store.sqlite.ts";
export type { ResetStore } from "./store.ts";
export { hearUserReset } from "./tell-contacts.ts";
