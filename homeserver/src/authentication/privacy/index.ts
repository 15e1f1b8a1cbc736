/** Who may find a user. */
export { mayFind } from "./may-find.ts";
export { privacyRoutes } from "./routes.ts";
export { createPrivacyStore } from "./store.sqlite.ts";
export type { PrivacyStore } from "./store.ts";
