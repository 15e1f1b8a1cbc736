import { bareTarget } from "./ceiling/target.ts";
import { voidReason } from "./ceiling-rule.ts";
import { type Figures, type Load, runLoad, type Shape } from "./load.ts";
import { type Measurement, median } from "./report.ts";
import { homeserverTarget } from "./world/target.ts";

const shape: Shape = {
  rooms: 50,
  members: 2,
  senders: 1,
  payloadBytes: 1024,
  latencyOf: "everybody",
};
const closed: Load = { kind: "closed", outstanding: 16 };

/**
 * 1:1 messages: durable, pushed to both members, acknowledged. The maximum in a closed loop beside
 * the bare ceiling, then latencies at fixed rates.
 */
export async function benchChat(
  options: { readonly seconds: number; readonly rounds: number },
  report: (measurement: Measurement) => void,
): Promise<void> {
  const seconds = { warmUp: 2.5, measured: options.seconds };
  const bare: Figures[] = [];
  const ours: Figures[] = [];
  for (let round = 0; round < options.rounds; round += 1) {
    bare.push(await once("bare", closed, seconds));
    ours.push(await once("homeserver", closed, seconds));
  }
  const ceiling = median(bare.map(({ perSecond }) => perSecond));
  const rate = median(ours.map(({ perSecond }) => perSecond));
  const bareCpu = median(bare.map(({ cpuPerMessage }) => cpuPerMessage));
  const voided = voidReason(bareCpu);
  report({
    name: "chat closed",
    ...(voided === undefined ? { ratio: rate / ceiling } : {}),
    parameters: { ...parameters(options), ...(voided === undefined ? {} : { voided }) },
    figures: {
      perSecond: rate,
      barePerSecond: ceiling,
      cpuPerMessage: median(ours.map(({ cpuPerMessage }) => cpuPerMessage)),
      bareCpuPerMessage: bareCpu,
      generatorCpuPerMessage: median(ours.map((one) => one.generatorCpuPerMessage)),
      lost: ours.reduce((sum, { lost }) => sum + lost, 0),
      spread: spread(ours.map(({ perSecond }) => perSecond)),
    },
  });
  for (const perSecond of [500, 2000]) await openLoop(perSecond, options, report);
}

/** A fixed offered rate: each round a fresh server, warmed up beyond its start. */
async function openLoop(
  perSecond: number,
  options: { readonly seconds: number; readonly rounds: number },
  report: (measurement: Measurement) => void,
): Promise<void> {
  const load: Load = { kind: "open", perSecond };
  const seconds = { warmUp: 8, measured: Math.max(10, options.seconds) };
  const bare: Figures[] = [];
  const ours: Figures[] = [];
  for (let round = 0; round < options.rounds; round += 1) {
    bare.push(await once("bare", load, seconds));
    ours.push(await once("homeserver", load, seconds));
  }
  const middle = (all: readonly Figures[], name: string) =>
    median(all.map(({ latency }) => latency[name] ?? Number.NaN));
  report({
    name: `chat open ${perSecond}`,
    ratio: middle(bare, "p99") / middle(ours, "p99"),
    parameters: { ...parameters(options), outstanding: "open", warmUp: seconds.warmUp },
    figures: {
      offered: perSecond,
      perSecond: median(ours.map((one) => one.perSecond)),
      p50: middle(ours, "p50"),
      p99: middle(ours, "p99"),
      p999: middle(ours, "p999"),
      worstP99: Math.max(...ours.map(({ latency }) => latency["p99"] ?? Number.NaN)),
      bareP99: middle(bare, "p99"),
      bareWorstP99: Math.max(...bare.map(({ latency }) => latency["p99"] ?? Number.NaN)),
      cpuPerMessage: median(ours.map(({ cpuPerMessage }) => cpuPerMessage)),
      lost: ours.reduce((sum, { lost }) => sum + lost, 0),
    },
  });
}

async function once(
  which: "bare" | "homeserver",
  load: Load,
  seconds: { readonly warmUp: number; readonly measured: number },
): Promise<Figures> {
  const target =
    which === "bare" ? await bareTarget() : await homeserverTarget(shape.rooms, shape.members);
  try {
    return await runLoad(target, shape, load, seconds);
  } finally {
    await target.stop();
  }
}

function parameters(options: { readonly seconds: number; readonly rounds: number }) {
  return { ...shape, outstanding: 16, ...options, durability: "FULL", tls: false };
}

/** Largest distance from the median, as a share of it. */
export function spread(values: readonly number[]): number {
  const middle = median(values);
  return Math.max(...values.map((value) => Math.abs(value - middle))) / middle;
}
