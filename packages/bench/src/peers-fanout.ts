import { cpuMicroseconds } from "./process-stat.ts";
import type { Measurement } from "./report.ts";
import { createPeople } from "./world/people.ts";
import { addMembers, foundRoom, makePackages } from "./world/rooms.ts";
import { startFederation } from "./world/servers.ts";
import { startStubServers } from "./world/stub-servers.ts";
import { connect } from "./world/target.ts";

const outstanding = 16;

/** One room with a member at each of many servers: what a message costs its hub for each of them. */
export async function benchPeersFanout(
  options: { readonly seconds: number; readonly peers: number },
  report: (measurement: Measurement) => void,
): Promise<void> {
  const { seconds, peers } = options;
  const stubs = await startStubServers(peers);
  const [hub] = await startFederation(["alpha.example"], stubs.peers);
  try {
    if (hub === undefined) throw new Error("there is no server");
    const [founder] = await createPeople(hub.process, "p", 1, hub.domain);
    if (founder === undefined) throw new Error("there is nobody");
    const room = await foundRoom(hub.url, founder);
    await addMembers(hub.url, founder, room, await makePackages(stubs.people));
    const count = { sent: 0, accepted: 0 };
    let running = true;
    const payload = new Uint8Array(1024);
    const view = new DataView(payload.buffer);
    const send = () => {
      count.sent += 1;
      view.setFloat64(payload.length - 16, count.sent);
      sender.send(0, count.sent, payload);
      setImmediate(() => sender.flush());
    };
    const sender = await connect(hub.url, founder, room, false, {
      accepted() {
        count.accepted += 1;
        if (running) send();
      },
      delivered: () => undefined,
    });
    for (let one = 0; one < outstanding; one += 1) send();
    await sleep(2500);
    const mark = () => ({
      at: performance.now(),
      accepted: count.accepted,
      taken: stubs.taken(),
      cpu: cpuMicroseconds(hub.process.pid()),
      own: cpuMicroseconds(process.pid),
    });
    const before = mark();
    await sleep(seconds * 1000);
    const after = mark();
    running = false;
    // The commit that brought them, and every message.
    const all = () => peers * (count.accepted + 1);
    for (let waited = 0; waited < 200 && stubs.taken() < all(); waited += 1) await sleep(100);
    const elapsed = (after.at - before.at) / 1000;
    const deliveries = after.taken - before.taken;
    report({
      name: `federation peers ${peers}`,
      parameters: {
        ...options,
        outstanding,
        receivers: "stubs that check nothing",
        durability: "FULL",
        tls: false,
      },
      figures: {
        deliveriesPerSecond: deliveries / elapsed,
        messagesPerSecond: (after.accepted - before.accepted) / elapsed,
        cpuPerDelivery: (after.cpu - before.cpu) / deliveries,
        generatorCpuPerDelivery: (after.own - before.own) / deliveries,
        lost: all() - stubs.taken(),
        doubled: stubs.doubled(),
      },
    });
    sender.close();
  } finally {
    await hub?.process.stop();
    await stubs.stop();
  }
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
