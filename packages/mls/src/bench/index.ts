/**
 * What benchmarks and tests need and no product: groups as they are after long use, and how often
 * the primitives are called. It holds every member's private keys.
 */
export { countingCrypto } from "./counting.ts";
export type { Counts } from "./counting.ts";
export { populate } from "./populate.ts";
export type { Populated } from "./populate.ts";
