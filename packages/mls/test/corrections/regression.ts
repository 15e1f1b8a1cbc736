/** What went wrong in the library once, by the number of the fault. */
type Regression = {
  /** What is true now, as a sentence. */
  readonly title: string;
  /** The fault was an endless loop: always run in a process of its own, with a deadline. */
  readonly mayHang?: boolean;
  /** Rejects if the fault is there. */
  readonly run: () => Promise<void>;
  /** The mutants that put the fault back, if not just the one of the same name. */
  readonly mutants?: readonly string[];
};
export type Regressions = Readonly<Record<string, Regression>>;
