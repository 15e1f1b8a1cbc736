/** One measurement. Rates are per second, times in milliseconds, CPU in microseconds. */
export type Measurement = {
  readonly name: string;
  /** What was done, where one bench measures several things. */
  readonly op?: string;
  /** Share of the bare ceiling of the same run; absent where there is no ceiling. */
  readonly ratio?: number;
  readonly parameters: Readonly<Record<string, string | number | boolean>>;
  readonly figures: Readonly<Record<string, number>>;
};

/** Writes measurements: one JSON object a line with `--json`, else a short table row. */
export function createReport(json: boolean): (measurement: Measurement) => void {
  return (measurement) => {
    if (json) {
      const { name, op, ratio, parameters, figures } = measurement;
      console.log(JSON.stringify({ name, op, ratio: ratio ?? null, ...figures, parameters }));
      return;
    }
    const figures = Object.entries(measurement.figures).map(
      ([key, value]) => `${key} ${round(value)}`,
    );
    const ratio = measurement.ratio === undefined ? [] : [`ratio ${round(measurement.ratio)}`];
    console.log([measurement.name.padEnd(18), ...ratio, ...figures].join("  "));
  };
}

function round(value: number): string {
  return value >= 100 ? String(Math.round(value)) : value.toFixed(2);
}

/** The value below which this share of the samples lies. */
export function percentile(samples: readonly number[], share: number): number {
  if (samples.length === 0) return Number.NaN;
  const sorted = Float64Array.from(samples).toSorted();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function latencies(samples: readonly number[]): Readonly<Record<string, number>> {
  return {
    p50: percentile(samples, 0.5),
    p99: percentile(samples, 0.99),
    p999: percentile(samples, 0.999),
    max: percentile(samples, 1),
  };
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}
