/**
 * What every module stands on: the implementation of `Env`, the database, jobs, HTTP and rate
 * limits. No other module touches a global clock, random source, timer, network or file.
 */
export { Assertion, assert } from "./assertion.ts";
export { DatabaseRefused, migrationsOf, openDatabase, StorageFault } from "./database/index.ts";
export type {
  Database,
  DatabaseOptions,
  Drizzle,
  ModuleMigrations,
  ReadTx,
  Tx,
} from "./database/index.ts";
