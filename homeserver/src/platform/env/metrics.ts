import type { Counter, Gauge, Histogram, Metrics } from "@treehouse/protocol";
import {
  collectDefaultMetrics,
  Counter as PromCounter,
  Gauge as PromGauge,
  Histogram as PromHistogram,
  Registry,
} from "prom-client";

/** Metrics, and the page on which Prometheus reads them. */
export interface MetricsRegistry extends Metrics {
  page(): Promise<{ readonly type: string; readonly text: string }>;
}

/**
 * Instruments in a registry of their own, with those of the process (event loop lag, memory, CPU,
 * garbage collection). Asking twice for one name gives the same instrument. Labels are codes, never
 * addresses.
 */
export function createMetrics(): MetricsRegistry {
  const registry = new Registry();
  const registers = [registry];
  const counters = new Map<string, Counter>();
  const gauges = new Map<string, Gauge>();
  const histograms = new Map<string, Histogram>();
  collectDefaultMetrics({ register: registry, prefix: "treehouse_" });

  return {
    counter: (name, help, labels = []) =>
      once(counters, name, () => {
        const counter = new PromCounter({ name, help, labelNames: [...labels], registers });
        return {
          add(count = 1, values) {
            if (values === undefined) counter.inc(count);
            else counter.inc(values, count);
          },
        };
      }),
    gauge: (name, help, labels = []) =>
      once(gauges, name, () => {
        const gauge = new PromGauge({ name, help, labelNames: [...labels], registers });
        return {
          set(value, values) {
            if (values === undefined) gauge.set(value);
            else gauge.set(values, value);
          },
          add(difference, values) {
            if (values === undefined) gauge.inc(difference);
            else gauge.inc(values, difference);
          },
        };
      }),
    histogram: (name, help, { labels = [], buckets } = {}) =>
      once(histograms, name, () => {
        const bounds = buckets === undefined ? {} : { buckets: [...buckets] };
        const shape = { name, help, labelNames: [...labels], registers, ...bounds };
        const histogram = new PromHistogram(shape);
        return {
          observe(value, values) {
            if (values === undefined) histogram.observe(value);
            else histogram.observe(values, value);
          },
        };
      }),
    async page() {
      return { type: registry.contentType, text: await registry.metrics() };
    },
  };
}

function once<T>(made: Map<string, T>, name: string, make: () => T): T {
  const known = made.get(name);
  if (known !== undefined) return known;
  const instrument = make();
  made.set(name, instrument);
  return instrument;
}
