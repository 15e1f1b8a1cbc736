import type { Mutant } from "../../../packages/testkit/src/simulator/mutants/list.ts";

/** One thing that is done to real processes, and what must come of it. */
export interface Part {
  readonly name: string;
  /** What happens, in one line. */
  readonly about: string;
  /** How often: in passing, and at the size that is published. */
  readonly counts: { readonly usual: number; readonly full: number };
  /** Why it cannot be done on this machine; undefined if it can. */
  missing?(): string | undefined;
  run(order: Order): Promise<Outcome>;
  /** A bug of which it must tell, tried in so many steps; some parts have a control of their own. */
  readonly control?: Control;
}

export type Control = { readonly bug: Mutant; readonly count: number };

export type Order = {
  readonly seed: number;
  readonly count: number;
  /** An empty folder, removed afterwards. */
  readonly directory: string;
  /** Progress, for people. */
  readonly say: (text: string) => void;
};

export type Outcome = {
  readonly figures: Readonly<Record<string, number | string>>;
  /** Every promise that was broken; none is what must come of it. */
  readonly violations: readonly string[];
};

/** Of figures in any order, the one below which this share of them lies. */
export function quantile(figures: readonly number[], share: number): number {
  const sorted = figures.toSorted((a, b) => a - b);
  const at = Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1);
  return Math.round(sorted[Math.max(0, at)] ?? 0);
}
