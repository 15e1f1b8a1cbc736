export type { CollectedLog, LogEntry } from "./collected-log.ts";
export type { CollectedMetrics } from "./collected-metrics.ts";
export {
  calm,
  type FaultCounts,
  type FaultProxy,
  type Faults,
  type HttpMessage,
  type LinkState,
  startFaultProxy,
} from "./fault-proxy/index.ts";
export type { Link, Network, NetworkNode } from "./network.ts";
export { Random } from "./random.ts";
export { WORLD_START } from "./scheduler.ts";
export { createWorld, type TestEnv, type World } from "./world.ts";
