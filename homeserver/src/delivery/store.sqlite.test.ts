import { describe } from "vitest";
import { createNodeEnv } from "../platform/env/node-env.ts";
import { migrationsOf, openDatabase } from "../platform/index.ts";
import { closingStoreContract } from "./moves/closing-store.contract.ts";
import { claimStoreContract } from "./generations/store.contract.ts";
import { linkUseStoreContract } from "./joining/store.contract.ts";
import { deliveryStoreContract } from "./store/store.contract.ts";
import { createSqliteStore } from "./store.sqlite.ts";

describe("the SQLite store", () => {
  const open = async () => {
    const database = openDatabase({
      path: ":memory:",
      env: createNodeEnv({ log: { level: "silent" } }),
      migrations: [migrationsOf("delivery")],
      onCrash: (error) => {
        throw error;
      },
    });
    return { database, store: createSqliteStore(database) };
  };
  deliveryStoreContract(open);
  linkUseStoreContract(open);
  claimStoreContract(open);
  closingStoreContract(open);
});
