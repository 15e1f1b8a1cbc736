/** The deterministic simulator: real servers and real clients on a seeded clock, network and disk. */
export { drawFaults, type Faults } from "./faults.ts";
export { unreached } from "./probes.ts";
export { runSeed, type SeedResult } from "./run-seed.ts";
export { shrink, type Shrunk } from "./shrink.ts";
export { Templates } from "./template.ts";
