/**
 * What every module stands on: the implementation of `Env`, the database, jobs, HTTP and rate
 * limits. No other module touches a global clock, random source, timer, network or file.
 */
export { type Acquaintance, usersMeant } from "./acquaintance.ts";
export { Assertion } from "./assertion.ts";
export { DirectoryRefused, openDataDirectory } from "./data-directory.ts";
export type { OnceFiles } from "./data-directory.ts";
export {
  compareMigrations,
  copyDatabase,
  DatabaseRefused,
  inspectDatabase,
  migrationsOf,
  openDatabase,
  takeDataLock,
} from "./database/index.ts";
export type {
  Database,
  DatabaseEngine,
  Drizzle,
  Inspection,
  ReadTx,
  Tx,
} from "./database/index.ts";
export { errorFields } from "./env/log.ts";
export { createNodeEnv } from "./env/node-env.ts";
export type { NodeEnv } from "./env/node-env.ts";
export { giveBack } from "./give-back.ts";
export {
  createHttpServer,
  createMetricsServer,
  gather,
  jsonAnswer,
  jsonBody,
  ListenRefused,
  refuseTakenAddress,
  noAnswer,
  octetsAnswer,
  octetsBody,
  openTlsFiles,
  route,
  tlsAnswer,
  tlsBody,
  TlsRefused,
} from "./http/index.ts";
export type {
  HttpServer,
  Listener,
  MetricsPage,
  OctetsOut,
  Peer,
  PeerAdmission,
  PeerGate,
  PeerRequestHead,
  ProvedRequest,
  Route,
  Session,
  TlsFiles,
  TlsMaterial,
  UpgradeHandler,
} from "./http/index.ts";
export { createJobs } from "./jobs.ts";
export type { Jobs } from "./jobs.ts";
export { createLoginProvider } from "./login-provider.ts";
export type {
  LoginProvider,
  LoginProviderOptions,
  LoginSecrets,
  Subject,
} from "./login-provider.ts";
export { createMailer } from "./mailer.ts";
export type { Mailer } from "./mailer.ts";
export { createObjectStore } from "./object-store.ts";
export type { ObjectStore, ObjectStoreOptions } from "./object-store.ts";
export { createPending } from "./pending.ts";
export type { Pending } from "./pending.ts";
export { createAddressLimiter } from "./address-limit.ts";
export { networksOf } from "./networks.ts";
export { createRateLimiter } from "./rate-limit.ts";
export type { RateLimiter } from "./rate-limit.ts";
export { openSealingKeys, sealingKeyFile, SealingRefused } from "./sealing-keys.ts";
export type { Sealed, SealedPlace, SealingKeys } from "./sealing-keys.ts";
export { sha256 } from "./sha256.ts";
export { createTurns } from "./turns.ts";
export type { Turns } from "./turns.ts";
export { syncDirectory } from "./sync-directory.ts";
export { withMore } from "./with-more.ts";
