import { bareTarget } from "./ceiling/target.ts";
import { inLanes } from "./lanes.ts";
import type { Measurement } from "./report.ts";
import type { Peer, Target } from "./target.ts";
import { memoryOf } from "./target-stat.ts";
import { homeserverTarget } from "./world/target.ts";

const quietMs = 10_000;
/** That connect at once. */
const atOnce = 16;
const nothing = { accepted: () => undefined, delivered: () => undefined };

/** Memory per idle connection: growth of the server's PSS over its base, connections settled. */
export async function benchIdle(
  options: { readonly connections: number },
  report: (measurement: Measurement) => void,
): Promise<void> {
  const { connections } = options;
  const bare = await bareTarget();
  const bareBytes = await measure(bare, connections);
  const ours = await homeserverTarget(connections, 1);
  const bytes = await measure(ours, connections);
  report({
    name: "idle",
    ratio: bareBytes.perConnection / bytes.perConnection,
    parameters: { connections, roomsPerClient: 1 },
    figures: {
      bytesPerConnection: bytes.perConnection,
      baseBytes: bytes.base,
      bareBytesPerConnection: bareBytes.perConnection,
      bareBaseBytes: bareBytes.base,
    },
  });
}

async function measure(
  target: Target,
  connections: number,
): Promise<{ readonly base: number; readonly perConnection: number }> {
  const peers: Peer[] = [];
  try {
    // What making the rooms has left in memory would hide the growth.
    await target.restart();
    await settle(target);
    const base = memoryOf(target);
    await inLanes(connections, atOnce, async (each) => {
      peers.push(await target.connect(each, 0, nothing));
    });
    await settle(target);
    const full = memoryOf(target);
    return { base, perConnection: (full - base) / connections };
  } finally {
    for (const peer of peers) peer.close();
    await target.stop();
  }
}

async function settle(target: Target): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, quietMs));
  await target.collect();
}
