import type { Database } from "../../platform/index.ts";
import { accountMethods, clientMethods } from "./account-store.sqlite.ts";
import { inviteMethods, sessionMethods } from "./session-store.sqlite.ts";
import type { AuthenticationStore } from "./store.ts";

export function createSqliteStore(database: Database): AuthenticationStore {
  return {
    ...accountMethods(database),
    ...clientMethods(database),
    ...sessionMethods(database),
    ...inviteMethods(database),
  };
}
