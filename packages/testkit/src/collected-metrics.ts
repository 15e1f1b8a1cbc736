import type {
  Counter,
  Gauge,
  Histogram,
  HistogramOptions,
  MetricLabels,
  Metrics,
} from "@treehouse/protocol";

/** Metrics that a test can read back by name and labels. */
export class CollectedMetrics implements Metrics {
  readonly #values = new Map<string, number>();
  readonly #observations = new Map<string, number[]>();

  counter(name: string, _help: string, _labels?: readonly string[]): Counter {
    return { add: (count = 1, labels) => this.#change(name, labels, (value) => value + count) };
  }

  gauge(name: string, _help: string, _labels?: readonly string[]): Gauge {
    return {
      set: (value, labels) => this.#change(name, labels, () => value),
      add: (difference, labels) => this.#change(name, labels, (value) => value + difference),
    };
  }

  histogram(name: string, _help: string, _options?: HistogramOptions): Histogram {
    return {
      observe: (value, labels) => {
        const key = keyOf(name, labels);
        const known = this.#observations.get(key);
        if (known === undefined) this.#observations.set(key, [value]);
        else known.push(value);
      },
    };
  }

  /** The value of a counter or gauge; 0 before its first change. */
  value(name: string, labels?: MetricLabels): number {
    return this.#values.get(keyOf(name, labels)) ?? 0;
  }

  /** What a histogram was given, in order. */
  observations(name: string, labels?: MetricLabels): readonly number[] {
    return this.#observations.get(keyOf(name, labels)) ?? [];
  }

  #change(name: string, labels: MetricLabels | undefined, next: (value: number) => number): void {
    const key = keyOf(name, labels);
    this.#values.set(key, next(this.#values.get(key) ?? 0));
  }
}

function keyOf(name: string, labels: MetricLabels = {}): string {
  const sorted = Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([name, sorted]);
}
