import { type CeilingName, voidReason } from "./ceiling-rule.ts";
import { closedSeconds, type Figures, type Load, runLoad, type Shape } from "./load.ts";
import { type Measurement, median } from "./report.ts";
import type { Target } from "./target.ts";

export type Options = { readonly seconds: number; readonly rounds: number };
export type Report = (measurement: Measurement) => void;

/** What is measured, and what it is compared with: a bare ceiling, or servers that are well. */
export type Contest = {
  readonly shape: Shape;
  readonly bare: () => Promise<Target>;
  readonly ours: () => Promise<Target>;
  readonly ceiling: CeilingName;
  readonly parameters: Measurement["parameters"];
};

export type Outcome = { readonly bare: readonly Figures[]; readonly ours: readonly Figures[] };

/** Messages of one sender on their way in a closed loop. */
export const outstanding = 16;

/** The maximum that both can do: their ratio is void if the ceiling itself was slow. */
export async function closedLoop(
  name: string,
  contest: Contest,
  options: Options,
  report: Report,
): Promise<void> {
  const seconds = closedSeconds(options.seconds);
  const load: Load = { kind: "closed", outstanding };
  const { bare, ours } = await alternate(contest, load, seconds, options.rounds);
  const bareCpu = median(bare.map(({ cpuPerMessage }) => cpuPerMessage));
  const voided = voidReason(bareCpu, contest.ceiling);
  const rate = median(ours.map(({ perSecond }) => perSecond));
  const ceiling = median(bare.map(({ perSecond }) => perSecond));
  report({
    name,
    ...(voided === undefined ? { ratio: rate / ceiling } : {}),
    parameters: {
      ...contest.parameters,
      outstanding,
      ...(voided === undefined ? {} : { voided }),
    },
    figures: {
      perSecond: rate,
      barePerSecond: ceiling,
      cpuPerMessage: median(ours.map(({ cpuPerMessage }) => cpuPerMessage)),
      bareCpuPerMessage: bareCpu,
      generatorCpuPerMessage: median(ours.map((one) => one.generatorCpuPerMessage)),
      p50: middle(ours, "p50"),
      p99: middle(ours, "p99"),
      p999: middle(ours, "p999"),
      memoryBytes: median(ours.map(({ memoryBytes }) => memoryBytes)),
      ...faultsOf(ours),
      spread: spread(ours.map(({ perSecond }) => perSecond)),
    },
  });
}

/** Latencies at a fixed offered rate: each round fresh servers, warmed up beyond their start. */
export async function openLoop(
  name: string,
  contest: Contest,
  perSecond: number,
  options: Options,
  report: Report,
): Promise<void> {
  const load: Load = { kind: "open", perSecond };
  const seconds = openSeconds(options);
  const { bare, ours } = await alternate(contest, load, seconds, options.rounds);
  report({
    name: `${name} ${perSecond}`,
    ratio: middle(bare, "p99") / middle(ours, "p99"),
    parameters: { ...contest.parameters, outstanding: "open", warmUp: seconds.warmUp },
    figures: {
      offered: perSecond,
      perSecond: median(ours.map((one) => one.perSecond)),
      p50: middle(ours, "p50"),
      p99: middle(ours, "p99"),
      p999: middle(ours, "p999"),
      worstP99: worst(ours),
      bareP50: middle(bare, "p50"),
      bareP99: middle(bare, "p99"),
      bareWorstP99: worst(bare),
      cpuPerMessage: median(ours.map(({ cpuPerMessage }) => cpuPerMessage)),
      generatorCpuPerMessage: median(ours.map((one) => one.generatorCpuPerMessage)),
      memoryBytes: median(ours.map(({ memoryBytes }) => memoryBytes)),
      ...faultsOf(ours),
    },
  });
}

export function openSeconds({ seconds }: Options) {
  return { warmUp: 8, measured: Math.max(10, seconds) };
}

/** Both in turn, each time from an empty database. */
export async function alternate(
  contest: Pick<Contest, "shape" | "bare" | "ours">,
  load: Load,
  seconds: { readonly warmUp: number; readonly measured: number },
  rounds: number,
): Promise<Outcome> {
  const figures = { bare: [] as Figures[], ours: [] as Figures[] };
  for (let round = 0; round < rounds; round += 1) {
    for (const which of ["bare", "ours"] as const) {
      const target = await contest[which]();
      try {
        figures[which].push(await runLoad(target, contest.shape, load, seconds));
      } finally {
        await target.stop();
      }
    }
  }
  return figures;
}

/** The median of a percentile over the rounds. */
export function middle(all: readonly Figures[], name: string): number {
  return median(all.map(({ latency }) => latency[name] ?? Number.NaN));
}

/** What must not be, over all rounds. */
export function faultsOf(all: readonly Figures[]): {
  readonly lost: number;
  readonly doubled: number;
} {
  return {
    lost: all.reduce((sum, { lost }) => sum + lost, 0),
    doubled: all.reduce((sum, { doubled }) => sum + doubled, 0),
  };
}

function worst(all: readonly Figures[]): number {
  return Math.max(...all.map(({ latency }) => latency["p99"] ?? Number.NaN));
}

/** Largest distance from the median, as a share of it. */
function spread(values: readonly number[]): number {
  const center = median(values);
  return Math.max(...values.map((value) => Math.abs(value - center))) / center;
}
