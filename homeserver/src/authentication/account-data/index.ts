/** What a user's clients keep for each other, sealed by them. */
export { accountDataRoutes } from "./routes.ts";
export { createAccountDataStore } from "./store.sqlite.ts";
export type { AccountDataStore } from "./store.ts";
