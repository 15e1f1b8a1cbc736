import { describe } from "vitest";
import { migrationsOf, openDatabase } from "../platform/index.ts";
import { createNodeEnv } from "../platform/env/node-env.ts";
import { answerStoreContract } from "./answer-store.contract.ts";
import { createSqliteAnswerStore } from "./answer-store.sqlite.ts";

describe("the SQLite store of answers to peers", () => {
  answerStoreContract(async () => {
    const database = openDatabase({
      path: ":memory:",
      env: createNodeEnv({ log: { level: "silent" } }),
      migrations: [migrationsOf("key-packages")],
      onCrash: (error) => {
        throw error;
      },
    });
    return { database, store: createSqliteAnswerStore(database) };
  });
});
