import { type Figures, type Load, runLoad, type Shape } from "./load.ts";
import { type Measurement, median } from "./report.ts";
import { federatedTarget } from "./world/federation.ts";

const rooms = 20;
const load: Load = { kind: "open", perSecond: 500 };

/**
 * Latency to a healthy server while a third one, with a member in each room as well, takes requests
 * and never answers; beside the same with nobody at that server in any room.
 */
export async function benchThirdServer(
  options: { readonly seconds: number; readonly rounds: number },
  report: (measurement: Measurement) => void,
): Promise<void> {
  const seconds = { warmUp: 8, measured: Math.max(10, options.seconds) };
  const well: Figures[] = [];
  const sick: Figures[] = [];
  const shape: Shape = {
    rooms,
    members: 2,
    senders: 1,
    payloadBytes: 1024,
    latencyOf: "receivers",
  };
  for (let round = 0; round < options.rounds; round += 1) {
    for (const [figures, members] of [
      [well, 2],
      [sick, 3],
    ] as const) {
      const target = await federatedTarget(rooms, members);
      try {
        target.servers[2]?.process.freeze();
        figures.push(await runLoad(target, shape, load, seconds));
      } finally {
        await target.stop();
      }
    }
  }
  const middle = (all: readonly Figures[], name: string) =>
    median(all.map(({ latency }) => latency[name] ?? Number.NaN));
  report({
    name: "federation third",
    ratio: middle(well, "p99") / middle(sick, "p99"),
    parameters: {
      ...shape,
      ...options,
      offered: 500,
      third: "frozen",
      durability: "FULL",
      tls: false,
    },
    figures: {
      p50: middle(sick, "p50"),
      p99: middle(sick, "p99"),
      wellP50: middle(well, "p50"),
      wellP99: middle(well, "p99"),
      lost: sick.reduce((sum, { lost }) => sum + lost, 0),
    },
  });
}
