import type { RuleId } from "./rule.ts";

/**
 * Keeps what was seen in passing: each request and answer of the tested server is judged by the
 * rules that hold for all of them, whatever the check was about that caused it.
 */
export class Monitor {
  readonly #violations = new Map<RuleId, Set<string>>();
  readonly #judged = new Map<RuleId, number>();

  /** Notes that something was judged by a rule, and what was wrong with it, if anything was. */
  judge(rule: RuleId, wrong?: string): void {
    this.#judged.set(rule, (this.#judged.get(rule) ?? 0) + 1);
    if (wrong === undefined) return;
    const known = this.#violations.get(rule) ?? new Set();
    this.#violations.set(rule, known.add(wrong));
  }

  /** How often a rule was looked at. */
  judged(rule: RuleId): number {
    return this.#judged.get(rule) ?? 0;
  }

  violations(rule: RuleId): readonly string[] {
    return [...(this.#violations.get(rule) ?? [])];
  }
}
