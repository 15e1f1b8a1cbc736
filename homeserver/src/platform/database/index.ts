export type { Drizzle, ReadTx, Tx } from "./handle.ts";
export { migrationsOf } from "./migrations.ts";
export type { ModuleMigrations } from "./migrations.ts";
export { openDatabase } from "./open-database.ts";
export type { Database, DatabaseOptions } from "./open-database.ts";
export { DatabaseRefused, StorageFault } from "./storage-error.ts";
