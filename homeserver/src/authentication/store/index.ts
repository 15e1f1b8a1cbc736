/** What is kept of accounts, clients, sessions and invites. */
export { insertClient, insertList } from "./account-store.sqlite.ts";
export { fromBlob, toBlob } from "./blob.ts";
export { createSqliteStore } from "./store.sqlite.ts";
export type {
  Account,
  AuthenticationStore,
  NewAccount,
  RevokedClient,
  StoredClient,
  StoredInvite,
  StoredSession,
} from "./store.ts";
