import type { Measurement } from "./report.ts";
import type { PeerEvents } from "./target.ts";
import { federatedTarget } from "./world/federation.ts";

const nothing: PeerEvents = { accepted: () => undefined, delivered: () => undefined };

/**
 * A server dies, and messages for its users pile up at the hub. From the moment at which it serves
 * again: when its user has the first one, and when all.
 */
export async function benchOutage(
  options: { readonly backlog: number; readonly seconds: number },
  report: (measurement: Measurement) => void,
): Promise<void> {
  const { backlog, seconds } = options;
  const target = await federatedTarget(1);
  const [, follower] = target.servers;
  try {
    if (follower === undefined) throw new Error("there is no second server");
    // The Welcome is taken before, as by anybody who is in a room.
    (await target.connect(0, 1, nothing)).close();
    await follower.process.kill();
    const count = { accepted: 0, sent: 0 };
    let allAccepted: () => void = () => undefined;
    const piled = new Promise<void>((resolve) => {
      allAccepted = resolve;
    });
    const sender = await target.connect(0, 0, {
      ...nothing,
      accepted() {
        count.accepted += 1;
        if (count.accepted === backlog) allAccepted();
      },
    });
    const payload = new Uint8Array(1024);
    const view = new DataView(payload.buffer);
    // In steps that a connection may have unanswered at once.
    while (count.sent < backlog) {
      view.setFloat64(payload.length - 16, count.sent);
      sender.send(0, count.sent + 1, payload);
      count.sent += 1;
      if (count.sent % 100 !== 0) continue;
      sender.flush();
      while (count.sent - count.accepted > 100) await turn();
    }
    sender.flush();
    await piled;
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    await follower.process.begin();
    const healed = performance.now();
    let delivered = 0;
    let firstMs = Number.NaN;
    let inOrder = true;
    await new Promise<void>((resolve, reject) => {
      const receiving = target.connect(0, 1, {
        ...nothing,
        delivered(tail) {
          if (delivered === 0) firstMs = performance.now() - healed;
          inOrder &&= tail.getFloat64(0) === delivered;
          delivered += 1;
          if (delivered === backlog) resolve();
        },
      });
      receiving.catch(reject);
    });
    const allMs = performance.now() - healed;
    report({
      name: "federation outage",
      parameters: { backlog, outageSeconds: seconds, inOrder, durability: "FULL", tls: false },
      figures: { firstMs, allMs, perSecond: (backlog * 1000) / allMs },
    });
  } finally {
    await target.stop();
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
