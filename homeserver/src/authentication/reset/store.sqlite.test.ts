import { describe } from "vitest";
import { migrationsOf, openDatabase } from "../../platform/index.ts";
import { createNodeEnv } from "../../platform/env/node-env.ts";
import { createSqliteStore } from "../store/index.ts";
import { resetStoreContract } from "./store.contract.ts";
import { createResetStore } from "./store.sqlite.ts";

describe("the SQLite store of resets", () => {
  resetStoreContract(async () => {
    const database = openDatabase({
      path: ":memory:",
      env: createNodeEnv({ log: { level: "silent" } }),
      migrations: [migrationsOf("authentication")],
      onCrash: (error) => {
        throw error;
      },
    });
    const accounts = createSqliteStore(database);
    return { database, store: createResetStore(database), accounts };
  });
});
