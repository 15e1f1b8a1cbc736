import type { Counts } from "@treehouse/mls/bench";

import { median, percentile } from "./report.ts";

/** Measures operations by the clock, by the CPU of this thread, and by the primitives they call. */
export type Operations = {
  /** `written` is asked afterwards how many octets would be stored. */
  measure<T>(
    op: string,
    run: () => Promise<T>,
    after?: { readonly written: () => number },
  ): Promise<T>;
  all(): readonly { readonly op: string; readonly figures: Readonly<Record<string, number>> }[];
};

type Samples = { ms: number[]; cpuUs: number; written: number[]; counts: Counts };

export function createOperations(take: () => Counts): Operations {
  const taken = new Map<string, Samples>();
  return {
    async measure(op, run, after) {
      take();
      const cpu = process.threadCpuUsage();
      const from = performance.now();
      const value = await run();
      const ms = performance.now() - from;
      const { user, system } = process.threadCpuUsage(cpu);
      const counts = take();
      const before = taken.get(op) ?? { ms: [], cpuUs: 0, written: [], counts };
      taken.set(op, {
        ms: [...before.ms, ms],
        cpuUs: before.cpuUs + user + system,
        written: [...before.written, ...(after === undefined ? [] : [after.written()])],
        counts: highest(before.counts, counts),
      });
      return value;
    },
    all: () =>
      [...taken].map(([op, { ms, cpuUs, written, counts }]) => ({
        op,
        figures: {
          ms: median(ms),
          bestMs: Math.min(...ms),
          p99Ms: percentile(ms, 0.99),
          cpuMs: cpuUs / 1000 / ms.length,
          ...counts,
          ...(written.length === 0 ? {} : { bytesWritten: Math.max(...written) }),
        },
      })),
  };
}

function highest(a: Counts, b: Counts): Counts {
  return {
    hashes: Math.max(a.hashes, b.hashes),
    hkdfs: Math.max(a.hkdfs, b.hkdfs),
    verifies: Math.max(a.verifies, b.verifies),
    signs: Math.max(a.signs, b.signs),
    agreements: Math.max(a.agreements, b.agreements),
  };
}
