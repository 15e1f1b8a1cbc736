import { randomFillSync } from "node:crypto";
import type { Cancel, Env } from "@treehouse/protocol";
import { nodeFetch } from "./fetch.ts";
import { createLog } from "./log.ts";
import type { LogOptions } from "./log.ts";
import { createMetrics } from "./metrics.ts";
import type { MetricsRegistry } from "./metrics.ts";
import { nodeSocket } from "./socket.ts";

/** `Env` over the real world, with the registry that the metrics page shows. */
export interface NodeEnv extends Env {
  readonly metrics: MetricsRegistry;
}

/** The longest delay that Node's timers take; a longer one would fire at once. */
const delayMaxMs = 2 ** 31 - 1;

export function createNodeEnv(options: { readonly log: LogOptions }): NodeEnv {
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    random: (length) => randomFillSync(new Uint8Array(length)),
    timer,
    soon: (run) => void setImmediate(run),
    fetch: nodeFetch,
    openSocket: nodeSocket,
    log: createLog(options.log),
    metrics: createMetrics(),
  };
}

function timer(delayMs: number, run: () => void): Cancel {
  let handle: NodeJS.Timeout;
  const wait = (leftMs: number): void => {
    const partMs = Math.min(leftMs, delayMaxMs);
    handle = setTimeout(() => (leftMs > partMs ? wait(leftMs - partMs) : run()), partMs);
    handle.unref();
  };
  wait(Math.max(0, delayMs));
  return () => clearTimeout(handle);
}
