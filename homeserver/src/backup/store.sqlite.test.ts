import { describe } from "vitest";
import { createNodeEnv, openDatabase } from "../platform/index.ts";
import { backupMigrations } from "./index.ts";
import { livesStoreContract } from "./store.contract.ts";
import { createSqliteStore } from "./store.sqlite.ts";

describe("the SQLite store", () => {
  livesStoreContract(async () => {
    const database = openDatabase({
      path: ":memory:",
      env: createNodeEnv({ log: { level: "silent" } }),
      migrations: [backupMigrations],
      onCrash: (error) => {
        throw error;
      },
    });
    return { database, store: createSqliteStore(database) };
  });
});
