import { rule } from "../conformance/rule.ts";
import type { Check, Checks, Rule, RuleId } from "../conformance/rule.ts";
import { allRules } from "../conformance/rules/index.ts";

/** The numbers of docs/security.md: requirements from published attacks, and the hostile peer. */
export type AttackId = `T-${number}` | `H-${number}`;

/** Something that somebody hostile tries at a server; the checks hold where it is refused. */
export type Attack = Rule<AttackId>;

/** Rules of the specification of which some checks are the attack. */
type Borrowed = Partial<Record<RuleId, readonly string[]>>;

/**
 * An attack by checks of its own, and by those of the conformance suite that try the same: nothing
 * is tried in two ways.
 */
export function attack(
  id: AttackId,
  what: string,
  borrowed: Borrowed,
  own: Checks = {},
  more: { readonly long?: Checks } = {},
): Attack {
  const [checks, long]: Record<string, Check>[] = [{ ...own }, { ...more.long }];
  for (const [from, names = []] of Object.entries(borrowed)) {
    const found = allRules.find((each) => each.id === from);
    for (const name of names) {
      const quick = found?.checks[name];
      const slow = found?.long[name];
      if (quick === undefined && slow === undefined) throw new Error(`${from} has no "${name}"`);
      if (quick !== undefined && checks !== undefined) checks[`${name} (${from})`] = quick;
      if (slow !== undefined && long !== undefined) long[`${name} (${from})`] = slow;
    }
  }
  return rule(id, what, checks ?? {}, { long: long ?? {} });
}
