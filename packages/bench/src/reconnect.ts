import { bareTarget } from "./ceiling/target.ts";
import { inLanes } from "./lanes.ts";
import { cpuMicroseconds } from "./process-stat.ts";
import { latencies, type Measurement } from "./report.ts";
import type { Peer, Target } from "./target.ts";
import { cpuOf, memoryOf } from "./target-stat.ts";
import { homeserverTarget } from "./world/target.ts";

const nothing = { accepted: () => undefined, delivered: () => undefined };
/** So many are on their way at once: more would measure the generator's own queue. */
const atOnce = 100;

/**
 * A server that starts again, and all its clients come back at once: each fetches a ticket, opens its
 * socket, and is told where its streams stand. The bare ceiling opens the socket alone.
 */
export async function benchReconnect(
  options: { readonly connections: number },
  report: (measurement: Measurement) => void,
): Promise<void> {
  const { connections } = options;
  const bare = await measure(await bareTarget(), connections);
  const ours = await measure(await homeserverTarget(connections, 1), connections);
  report({
    name: "reconnect",
    ratio: ours.perSecond / bare.perSecond,
    parameters: { connections, atOnce, roomsPerClient: 1, durability: "FULL", tls: false },
    figures: {
      ...ours,
      barePerSecond: bare.perSecond,
      bareCpuPerConnection: bare.cpuPerConnection,
    },
  });
}

async function measure(target: Target, connections: number) {
  const peers: Peer[] = [];
  try {
    await connectAll(target, connections, peers);
    await target.restart();
    peers.length = 0;
    const before = cpuOf(target);
    const own = cpuMicroseconds(process.pid);
    const from = performance.now();
    const samples = await connectAll(target, connections, peers);
    const seconds = (performance.now() - from) / 1000;
    return {
      perSecond: connections / seconds,
      allBackSeconds: seconds,
      ...latencies(samples),
      cpuPerConnection: (cpuOf(target) - before) / connections,
      generatorCpuPerConnection: (cpuMicroseconds(process.pid) - own) / connections,
      memoryBytes: memoryOf(target),
    };
  } finally {
    for (const peer of peers) peer.close();
    await target.stop();
  }
}

/** Answers how long each took. */
async function connectAll(target: Target, connections: number, peers: Peer[]): Promise<number[]> {
  const samples: number[] = [];
  await inLanes(connections, atOnce, async (number) => {
    const from = performance.now();
    peers.push(await target.connect(number, 0, nothing));
    samples.push(performance.now() - from);
  });
  return samples;
}
