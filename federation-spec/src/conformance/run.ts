import { Failed, Missing } from "./outcome.ts";
import { reportOf, verdictOn } from "./report.ts";
import type { Outcome, Report, Verdict } from "./report.ts";
import type { Check, Checks, Rule } from "./rule.ts";
import type { World } from "./world.ts";

interface RunOptions {
  /** Leaves out what waits for time to pass. */
  readonly quick: boolean;
  /** Time passes for all as soon as one check asks for it, so that no other may run beside it. */
  readonly inTurn: boolean;
  /** Hears of each rule as soon as it is settled. */
  readonly settled: (verdict: Verdict<string>) => void;
}

/**
 * Runs the rules against the server, one check after another; those that wait run together at the
 * end, and after them those that judge all that was seen.
 */
export async function runRules<I extends string>(
  world: World,
  rules: readonly Rule<I>[],
  { quick, inTurn, settled }: RunOptions,
): Promise<Report<I>> {
  const outcomes = new Map<Rule<I>, Outcome[]>(rules.map((rule) => [rule, []]));
  const note = (rule: Rule<I>, outcome: Outcome): void => void outcomes.get(rule)?.push(outcome);
  const verdicts = new Map<Rule<I>, Verdict<I>>();
  const settle = (rule: Rule<I>): void => {
    const verdict = verdictOn(rule, outcomes.get(rule) ?? []);
    verdicts.set(rule, verdict);
    settled(verdict);
  };

  for (const rule of rules) {
    if (rule.unseen !== undefined) note(rule, { check: "", result: "skipped", why: rule.unseen });
    for (const [name, check] of Object.entries(rule.checks)) {
      note(rule, await outcomeOf(world, name, check));
    }
    if ([rule.slow, rule.long, rule.last].every(isEmpty)) settle(rule);
  }
  const later = async (rule: Rule<I>, [name, check]: [string, Check]): Promise<void> =>
    note(rule, quick ? leftOut(name) : await outcomeOf(world, name, check));
  const waiting = rules.flatMap((rule) =>
    Object.entries(rule.slow).map((each) => () => later(rule, each)),
  );
  const long = rules.flatMap((rule) => Object.entries(rule.long).map((each) => later(rule, each)));
  if (inTurn) {
    await Promise.all(long);
    for (const run of waiting) await run();
  } else {
    await Promise.all([...long, ...waiting.map((run) => run())]);
  }
  for (const rule of rules) {
    for (const [name, check] of Object.entries(rule.last)) {
      note(rule, await outcomeOf(world, name, check));
    }
    if (!verdicts.has(rule)) settle(rule);
  }
  return reportOf(rules.flatMap((rule) => verdicts.get(rule) ?? []));
}

async function outcomeOf(world: World, name: string, check: Check): Promise<Outcome> {
  try {
    await check(world);
    return { check: name, result: "held", why: undefined };
  } catch (error) {
    if (error instanceof Missing) return { check: name, result: "skipped", why: error.message };
    return { check: name, result: "failed", why: reasonOf(error) };
  }
}

/** Anything else than a failed expectation came of an answer that nobody could expect. */
function reasonOf(error: unknown): string {
  if (error instanceof Failed) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function leftOut(check: string): Outcome {
  return { check, result: "skipped", why: "it takes its time, which --quick leaves out" };
}

function isEmpty(checks: Checks): boolean {
  return Object.keys(checks).length === 0;
}
