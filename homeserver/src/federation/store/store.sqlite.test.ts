import { describe } from "vitest";
import { createNodeEnv, migrationsOf, openDatabase } from "../../platform/index.ts";
import { federationStoreContract } from "./store.contract.ts";
import { createSqliteStore } from "./store.sqlite.ts";

describe("the SQLite store", () => {
  federationStoreContract(async () => {
    const database = openDatabase({
      path: ":memory:",
      env: createNodeEnv({ log: { level: "silent" } }),
      migrations: [migrationsOf("federation")],
      onCrash: (error) => {
        throw error;
      },
    });
    return { database, store: createSqliteStore(database) };
  });
});
