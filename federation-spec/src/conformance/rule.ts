import type { World } from "./world.ts";

/** One way in which a rule can be seen to hold. Throws `Failed` or `Missing`. */
export type Check = (world: World) => Promise<void> | void;

/** Checks by what they say: a sentence that holds at a server that keeps the rule. */
export type Checks = Readonly<Record<string, Check>>;

/** A rule of the specification, as far as it can be seen from outside. */
export interface Rule<I extends string = RuleId> {
  readonly id: I;
  readonly what: string;
  readonly checks: Checks;
  /** They wait for time to pass at the server, by `World.pass`, and run at the end. */
  readonly slow: Checks;
  /** They take seconds of their own, and run at the end beside those. */
  readonly long: Checks;
  /** They judge everything that was seen, and run when all others have. */
  readonly last: Checks;
  /** Why nothing of it can be seen from outside. */
  readonly unseen: string | undefined;
}

export type RuleId = `FED-${number}`;

export function rule<I extends string = RuleId>(
  id: I,
  what: string,
  checks: Checks,
  others: Partial<Pick<Rule, "slow" | "long" | "last">> = {},
): Rule<I> {
  return { id, what, checks, slow: {}, long: {}, last: {}, unseen: undefined, ...others };
}

/** A rule that nobody can see kept or broken without looking inside. */
export function unseen<I extends string = RuleId>(id: I, what: string, why: string): Rule<I> {
  return { ...rule(id, what, {}), unseen: why };
}

/** One rule for each number, with the checks of all that have it; in the order of the numbers. */
export function merged(rules: readonly Rule[]): readonly Rule[] {
  const byId = new Map<RuleId, Rule>();
  for (const each of rules) {
    const { id, checks, slow, long, last } = each;
    const known = byId.get(id);
    byId.set(
      id,
      known === undefined
        ? each
        : {
            ...known,
            checks: { ...known.checks, ...checks },
            slow: { ...known.slow, ...slow },
            long: { ...known.long, ...long },
            last: { ...known.last, ...last },
          },
    );
  }
  return [...byId.values()].toSorted((left, right) => numberOf(left) - numberOf(right));
}

function numberOf({ id }: Rule): number {
  return Number(id.slice("FED-".length));
}
