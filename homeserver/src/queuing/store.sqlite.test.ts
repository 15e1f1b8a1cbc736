import { describe } from "vitest";
import { createNodeEnv, migrationsOf, openDatabase } from "../platform/index.ts";
import { queuingStoreContract } from "./store.contract.ts";
import { createSqliteStore } from "./store.sqlite.ts";

describe("the SQLite store", () => {
  queuingStoreContract(async () => {
    const database = openDatabase({
      path: ":memory:",
      env: createNodeEnv({ log: { level: "silent" } }),
      migrations: [migrationsOf("queuing")],
      onCrash: (error) => {
        throw error;
      },
    });
    return { database, store: createSqliteStore(database) };
  });
});
