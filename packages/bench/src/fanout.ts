import { bareTarget } from "./ceiling/target.ts";
import { type Figures, type Load, runLoad, type Shape } from "./load.ts";
import { type Measurement, median } from "./report.ts";
import { homeserverTarget } from "./world/target.ts";

const load: Load = { kind: "closed", outstanding: 4 };

/** One room, one sender, everybody connected: deliveries per second. */
export async function benchFanout(
  options: { readonly seconds: number; readonly rounds: number; readonly members: number },
  report: (measurement: Measurement) => void,
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
  const bare: Figures[] = [];
  const ours: Figures[] = [];
  for (let round = 0; round < options.rounds; round += 1) {
    for (const [figures, open] of [
      [bare, bareTarget],
      [ours, () => homeserverTarget(1, members)],
    ] as const) {
      const target = await open();
      try {
        figures.push(await runLoad(target, shape, load, seconds));
      } finally {
        await target.stop();
      }
    }
  }
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
      lost: ours.reduce((sum, { lost }) => sum + lost, 0),
    },
  });
}
