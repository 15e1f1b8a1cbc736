export type { Drizzle, ReadTx, Tx } from "./handle.ts";
export { migrationsOf } from "./migrations.ts";
export { openDatabase } from "./open-database.ts";
export type { Database } from "./open-database.ts";
export { DatabaseRefused } from "./storage-error.ts";
