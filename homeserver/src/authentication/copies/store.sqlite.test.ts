import { describe } from "vitest";
import { migrationsOf, openDatabase } from "../../platform/index.ts";
import { createNodeEnv } from "../../platform/env/node-env.ts";
import { storeMarksContract } from "./store.contract.ts";
import { createStoreMarks } from "./store.sqlite.ts";

describe("the SQLite store of store marks", () => {
  storeMarksContract(async () => {
    const database = openDatabase({
      path: ":memory:",
      env: createNodeEnv({ log: { level: "silent" } }),
      migrations: [migrationsOf("authentication")],
      onCrash: (error) => {
        throw error;
      },
    });
    return { database, store: createStoreMarks(database) };
  });
});
