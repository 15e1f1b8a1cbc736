import type { Rule, RuleId } from "./rule.ts";

/** What became of one check. */
export interface Outcome {
  readonly check: string;
  readonly result: "held" | "failed" | "skipped";
  /** Why it failed or was skipped. */
  readonly why: string | undefined;
}

/** What became of one rule. */
export interface Verdict<I extends string = RuleId> {
  readonly rule: I;
  readonly what: string;
  readonly result: "PASS" | "FAIL" | "SKIP";
  readonly checks: readonly Outcome[];
}

export interface Report<I extends string = RuleId> {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly rules: readonly Verdict<I>[];
}

/** A rule fails with one of its checks, and passes only if all of them were made. */
export function verdictOn<I extends string>(rule: Rule<I>, checks: readonly Outcome[]): Verdict<I> {
  const has = (result: Outcome["result"]): boolean => checks.some((each) => each.result === result);
  const result = has("failed") ? "FAIL" : has("skipped") || checks.length === 0 ? "SKIP" : "PASS";
  return { rule: rule.id, what: rule.what, result, checks };
}

export function reportOf<I extends string>(rules: readonly Verdict<I>[]): Report<I> {
  const count = (result: Verdict["result"]): number =>
    rules.filter((each) => each.result === result).length;
  return { passed: count("PASS"), failed: count("FAIL"), skipped: count("SKIP"), rules };
}

/**
 * One line for the rule, and one more for each further check that failed. Of checks that are left
 * out for the same reason the first stands for all.
 */
export function linesOf({ rule, what, result, checks }: Verdict<string>): readonly string[] {
  const line = `${result} ${rule} ${what}`;
  if (result === "PASS") return [line];
  const told = result === "FAIL" ? checks.filter(hasFailed) : firstOfEachReason(checks);
  const [first, ...rest] = told.map(({ check, why = "" }) =>
    check === "" ? why : `${check}: ${why}`,
  );
  return [first === undefined ? line : `${line}: ${first}`, ...rest.map((each) => `     ${each}`)];
}

function hasFailed({ result }: Outcome): boolean {
  return result === "failed";
}

function firstOfEachReason(checks: readonly Outcome[]): readonly Outcome[] {
  const skipped = checks.filter(({ result }) => result === "skipped");
  return [...Map.groupBy(skipped, ({ why }) => why).values()].flatMap(([first]) => first ?? []);
}
