import { Failed, Missing } from "../outcome.ts";
import type { Check, RuleId } from "../rule.ts";

/** Judges by everything that was seen in passing. */
export function seenIn(rule: RuleId): Check {
  return ({ monitor }) => {
    const [first, ...others] = monitor.violations(rule);
    if (first !== undefined) {
      throw new Failed(others.length === 0 ? first : `${first}, and ${others.length} things more`);
    }
    if (monitor.judged(rule) === 0) throw new Missing("nothing was seen that could be judged");
  };
}
