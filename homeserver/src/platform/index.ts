/**
 * What every module stands on: the implementation of `Env`, the database, jobs, HTTP and rate
 * limits. No other module touches a global clock, random source, timer, network or file.
 */
export { Assertion, assert } from "./assertion.ts";
export { DirectoryRefused, openDataDirectory } from "./data-directory.ts";
export type { DataDirectory, OnceFiles } from "./data-directory.ts";
export { DatabaseRefused, migrationsOf, openDatabase, StorageFault } from "./database/index.ts";
export type {
  Database,
  DatabaseOptions,
  Drizzle,
  ModuleMigrations,
  ReadTx,
  Tx,
} from "./database/index.ts";
export { createNodeEnv } from "./env/node-env.ts";
export type { NodeEnv } from "./env/node-env.ts";
export { errorFields } from "./env/log.ts";
export type { LogLevel, LogOptions } from "./env/log.ts";
export { redactAddress } from "./env/redact.ts";
export {
  addressOf,
  createHttpServer,
  createMetricsServer,
  jsonAnswer,
  jsonBody,
  ListenRefused,
  noAnswer,
  route,
  tlsAnswer,
  tlsBody,
} from "./http/index.ts";
export type {
  Access,
  AnswerForm,
  BodyForm,
  Call,
  HttpServer,
  HttpServerOptions,
  MetricsPage,
  Route,
  RouteOptions,
  Session,
  UpgradeHandler,
} from "./http/index.ts";
export { createJobs } from "./jobs.ts";
export type { Jobs } from "./jobs.ts";
export { createRateLimiter } from "./rate-limit.ts";
export type { RateLimiter } from "./rate-limit.ts";
