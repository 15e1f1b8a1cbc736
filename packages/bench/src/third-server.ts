import { alternate, faultsOf, middle, openSeconds, type Options, type Report } from "./compare.ts";
import type { Load, Shape } from "./load.ts";
import { federatedTarget } from "./world/federation.ts";

const rooms = 20;
const load: Load = { kind: "open", perSecond: 500 };
const shape: Shape = {
  rooms,
  members: 2,
  senders: 1,
  payloadBytes: 1024,
  latencyOf: "receivers",
};

/**
 * Latency to a healthy server while a third one, with a member in each room as well, takes requests
 * and never answers; beside the same with nobody at that server in any room.
 */
export async function benchThirdServer(options: Options, report: Report): Promise<void> {
  const contest = { shape, bare: () => federatedTarget(rooms, 2), ours: withFrozenThird };
  const { bare: well, ours: sick } = await alternate(
    contest,
    load,
    openSeconds(options),
    options.rounds,
  );
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
      ...faultsOf(sick),
    },
  });
}

async function withFrozenThird() {
  const target = await federatedTarget(rooms, 3);
  target.servers[2]?.process.freeze();
  return target;
}
