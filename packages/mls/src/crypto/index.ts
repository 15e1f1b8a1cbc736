/**
 * The cryptography MLS needs, as a port. Its adapters are `./node` (fast, with node:crypto) and
 * `./noble` (pure JavaScript, for browsers); both give the same bytes.
 */
export { pointOk } from "./ed25519-rule.ts";
export type { MlsCrypto, Random, Signed } from "./mls-crypto.ts";
export type { Primitives } from "./primitives.ts";
export { createSuite1 } from "./suite-1.ts";
export { toTsMls, toTsMlsWith } from "./to-ts-mls.ts";
