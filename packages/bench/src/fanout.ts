import { bareTarget } from "./ceiling/target.ts";
import { alternate, faultsOf, middle, type Options, type Report } from "./compare.ts";
import { closedSeconds, type Load, type Shape } from "./load.ts";
import { median } from "./report.ts";
import { homeserverTarget } from "./world/target.ts";

const load: Load = { kind: "closed", outstanding: 4 };

/** One room, one sender, everybody connected: deliveries per second, in rooms of these sizes. */
export async function benchFanout(
  { members, ...options }: Options & { readonly members: readonly number[] },
  report: Report,
): Promise<void> {
  for (const size of members) await benchRoom(size, options, report);
}

async function benchRoom(members: number, options: Options, report: Report): Promise<void> {
  const shape: Shape = {
    rooms: 1,
    members,
    senders: 1,
    payloadBytes: 1024,
    latencyOf: "everybody",
  };
  const seconds = closedSeconds(options.seconds);
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
      generatorCpuPerMessage: median(ours.map((one) => one.generatorCpuPerMessage)),
      p50: middle(ours, "p50"),
      p99: middle(ours, "p99"),
      p999: middle(ours, "p999"),
      memoryBytes: median(ours.map(({ memoryBytes }) => memoryBytes)),
      ...faultsOf(ours),
    },
  });
}
