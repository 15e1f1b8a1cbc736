import { bareTarget } from "./ceiling/target.ts";
import { alternate, faultsOf, type Options, type Report } from "./compare.ts";
import type { Load, Shape } from "./load.ts";
import { median } from "./report.ts";
import { homeserverTarget } from "./world/target.ts";

const load: Load = { kind: "closed", outstanding: 4 };

/** One room, one sender, everybody connected: deliveries per second. */
export async function benchFanout(
  options: Options & { readonly members: number },
  report: Report,
): Promise<void> {
  const { members } = options;
  const shape: Shape = {
    rooms: 1,
    members,
    senders: 1,
    payloadBytes: 1024,
    latencyOf: "everybody",
  };
  const seconds = { warmUp: 2.5, measured: options.seconds };
  const contest = { shape, bare: bareTarget, ours: () => homeserverTarget(1, members) };
  const { bare, ours } = await alternate(contest, load, seconds, options.rounds);
  const ceiling = median(bare.map(({ deliveriesPerSecond }) => deliveriesPerSecond));
  const rate = median(ours.map(({ deliveriesPerSecond }) => deliveriesPerSecond));
  report({
    name: `fanout ${members}`,
    ratio: rate / ceiling,
    parameters: { ...shape, outstanding: 4, ...options, durability: "FULL", tls: false },
    figures: {
      deliveriesPerSecond: rate,
      bareDeliveriesPerSecond: ceiling,
      messagesPerSecond: median(ours.map(({ perSecond }) => perSecond)),
      cpuPerDelivery: median(ours.map(({ cpuPerDelivery }) => cpuPerDelivery)),
      bareCpuPerDelivery: median(bare.map(({ cpuPerDelivery }) => cpuPerDelivery)),
      ...faultsOf(ours),
    },
  });
}
