import { createServer } from "node:net";

import { Conversation } from "./conversation.ts";
import { Core } from "./core.ts";
import { createDraws } from "./draws.ts";
import { calm, type FaultCounts, type Faults, noCounts } from "./faults.ts";
import { startFlapping } from "./flapping.ts";
import type { HttpMessage } from "./message-framer.ts";
import type { Timer } from "./pen.ts";

export { calm, type FaultCounts, type Faults, type LinkState } from "./faults.ts";
export type { HttpMessage } from "./message-framer.ts";

export type FaultProxyOptions = {
  /** Where it leads: a plain HTTP URL. */
  readonly target: string;
  readonly seed: number;
  readonly faults?: Partial<Faults>;
  /** What delays wait by, if not the real clock. */
  readonly timer?: Timer;
};

/**
 * A link to an HTTP server on which things go wrong: a TCP proxy on loopback that knows where
 * HTTP/1.1 messages begin and end, so that it can lose, repeat, reorder and cut them off whole.
 *
 * The n-th request and the n-th connection of a seed have the same fate each time they are judged
 * by the same faults; which request is the n-th, real sockets decide.
 */
export interface FaultProxy extends AsyncDisposable {
  readonly url: string;
  /** Until now. */
  readonly counts: FaultCounts;
  readonly faults: Faults;
  /** Changes what goes wrong, from now on, also for what is under way. */
  set(change: Partial<Faults>): void;
  /** Calls for each request whose octets have gone to the target; answers what stops it. */
  onArrived(hear: (request: HttpMessage) => void): () => void;
  /** How many connections there are at this moment. */
  connections(): number;
  close(): Promise<void>;
}

export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const core = new Core({
    target: options.target,
    draws: createDraws(options.seed),
    counts: noCounts(),
    timer: options.timer ?? realTimer,
    faults: calm,
  });
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    if (core.faults.link === "down") {
      core.counts.cut += 1;
      socket.on("error", () => undefined);
      socket.resetAndDestroy();
    } else {
      void new Conversation(core, socket);
    }
  });
  let stopFlapping: () => void = () => undefined;

  function set(change: Partial<Faults>): void {
    const before = core.faults;
    core.faults = { ...before, ...change };
    if ("flapping" in change) {
      stopFlapping();
      stopFlapping = () => undefined;
      const { flapping } = change;
      if (flapping !== undefined) {
        const fraction = (): number => core.draws.fraction();
        stopFlapping = startFlapping(flapping, fraction, core.timer, (link) => set({ link }));
      }
    }
    if (core.faults.link === before.link) return;
    for (const passage of core.passages) {
      // A link that is back tells whoever waits for what has vanished that it is gone.
      if (core.faults.link !== "down" && !passage.vanished) continue;
      if (core.faults.link === "down") core.counts.cut += 1;
      passage.reset();
    }
  }

  if (options.faults !== undefined) set(options.faults);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve());
  });
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("it has no port");

  async function close(): Promise<void> {
    stopFlapping();
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    core.destroy();
    await closed;
  }

  return {
    url: `http://127.0.0.1:${address.port}`,
    counts: core.counts,
    get faults() {
      return core.faults;
    },
    set,
    onArrived(hear) {
      core.listeners.add(hear);
      return () => core.listeners.delete(hear);
    },
    connections: () => core.passages.size,
    close,
    [Symbol.asyncDispose]: close,
  };
}

const realTimer: Timer = (delayMs, run) => {
  const handle = setTimeout(run, delayMs);
  return () => clearTimeout(handle);
};
