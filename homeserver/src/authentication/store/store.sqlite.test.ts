import { describe } from "vitest";
import { migrationsOf, openDatabase } from "../../platform/index.ts";
import { createNodeEnv } from "../../platform/env/node-env.ts";
import { authenticationStoreContract } from "./store.contract.ts";
import { createSqliteStore } from "./store.sqlite.ts";

describe("the SQLite store", () => {
  authenticationStoreContract(async () => {
    const database = openDatabase({
      path: ":memory:",
      env: createNodeEnv({ log: { level: "silent" } }),
      migrations: [migrationsOf("authentication")],
      onCrash: (error) => {
        throw error;
      },
    });
    return { database, store: createSqliteStore(database) };
  });
});
