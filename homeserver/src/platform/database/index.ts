export { copyDatabase, inspectDatabase } from "./copy-database.ts";
export type { Inspection } from "./copy-database.ts";
export { takeDataLock } from "./data-lock.ts";
export type { Drizzle, ReadTx, Tx } from "./handle.ts";
export type { DatabaseEngine } from "./engine.ts";
export { compareMigrations, migrationsOf } from "./migrations.ts";
export { openDatabase } from "./open-database.ts";
export type { Database } from "./open-database.ts";
export { DatabaseRefused } from "./storage-error.ts";
